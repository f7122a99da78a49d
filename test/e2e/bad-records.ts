import avro, { type Schema } from "avsc";
import type { Message } from "kafkajs";
import { frame, readSchema } from "../../sandbox/traffic/avro.ts";
import { units } from "../support/acceptance.ts";
import type { PlatformEvents, TaskEvent } from "./platform-events.ts";
import { taskDone } from "./whole-line.ts";

/** How a bad record is made, what is expected of it, and the advice that its sentence must hold. */
export interface BadRecord {
  readonly what: string;
  /** A sound event right before it, which it contradicts. */
  readonly before?: TaskEvent;
  readonly make: (platforms: PlatformEvents) => Promise<Message> | Message;
  readonly becomes: { readonly deadLetter: string } | { readonly failed: string };
  readonly says: RegExp;
}

/** What the worker of all of them may be paid for, as "directory" knows it. */
export const DIRECTORY_TASKS = [
  { platformId: "directory", id: "bens", workerId: "ben", amount: units(50) },
  {
    platformId: "directory",
    id: "unfinished",
    workerId: "amy",
    amount: units(50),
    status: "assigned",
  },
  { platformId: "directory", id: "cheaper", workerId: "amy", amount: units(49) },
  { platformId: "elsewhere", id: "elsewheres", workerId: "amy", amount: units(50) },
];

const SEND_ANEW = /send a new event/;
const RETRY = /then retry/;

/** The event of an honest platform, with one thing wrong. */
function wrong(taskId: string, change: Partial<TaskEvent>): BadRecord["make"] {
  const event = taskDone({ platformId: "events", taskId, workerId: "amy", ...change });
  return ({ encode }) => encode(event);
}

function bytes(value: Buffer | null): BadRecord["make"] {
  return () => ({ key: "amy", value });
}

/** Written, and framed, with another schema than the contract's. */
function writtenWith(name: string, schema: object, content: object): BadRecord["make"] {
  return async ({ register }) => {
    const text = JSON.stringify(schema);
    const body = avro.Type.forSchema(schema as Schema).toBuffer(content);
    return { key: "amy", value: frame(await register(`bad-records-${name}`, text), body) };
  };
}

interface RecordSchema {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
}

const contract = JSON.parse(readSchema("task.completed.v1").text) as RecordSchema;
const plain = {
  ...taskDone({ platformId: "events", taskId: "odd", workerId: "amy" }),
  occurredAt: 0,
};

const sevenDecimals = {
  ...contract,
  fields: contract.fields.map((field) => {
    const type = { type: "bytes", logicalType: "decimal", precision: 20, scale: 7 };
    return field.name === "amount" ? { ...field, type } : field;
  }),
};
const withoutWorker = {
  ...contract,
  fields: contract.fields.filter(({ name }) => name !== "workerId"),
};
const invoice = { type: "record", name: "Invoice", fields: [{ name: "number", type: "string" }] };

const dead = (
  what: string,
  deadLetter: string,
  says: RegExp,
  make: BadRecord["make"],
): BadRecord => ({ what, make, becomes: { deadLetter }, says });

const fails = (what: string, failed: string, says: RegExp, make: BadRecord["make"]): BadRecord => ({
  what,
  make,
  becomes: { failed },
  says,
});

const FIVE_MB = 5_000_000;
export const EIGHT_MB = 8_000_000;

/** Every row of the list of what bad input gets. */
export const BAD_RECORDS: readonly BadRecord[] = [
  dead("what is not Avro", "not_avro", /use the registry's serializer/, bytes(Buffer.from("{}"))),
  dead(
    "an unknown schema id",
    "unknown_schema",
    /register the producer's schema there first/,
    bytes(frame(2_000_000_000, Buffer.from("?"))),
  ),
  dead(
    "a wrong schema",
    "wrong_schema",
    /write with the published one/,
    writtenWith("invoice", invoice, { number: "7" }),
  ),
  dead(
    "a schema without a worker",
    "wrong_schema",
    /write with the published one/,
    writtenWith("no-worker", withoutWorker, { ...plain, amount: Buffer.from([1]) }),
  ),
  dead(
    "an amount with seven decimals",
    "wrong_schema",
    /write with the published one/,
    writtenWith("seven-decimals", sevenDecimals, {
      ...plain,
      amount: Buffer.from([29, 205, 101, 1]),
    }),
  ),
  dead(
    "bytes of no schema",
    "payload_malformed",
    /write them with the schema/,
    async (platforms) => {
      const { value, ...rest } = platforms.encode(
        taskDone({ platformId: "events", taskId: "cut", workerId: "amy" }),
      );
      return { ...rest, value: (value as Buffer).subarray(0, 30) };
    },
  ),
  dead("a tombstone", "tombstone", /send the event itself, or nothing/, bytes(null)),
  dead("a negative amount", "amount_invalid", SEND_ANEW, wrong("negative", { amount: -1n })),
  dead("no amount", "amount_invalid", SEND_ANEW, wrong("zero", { amount: 0n })),
  dead(
    "an amount of 15 digits",
    "amount_invalid",
    SEND_ANEW,
    wrong("huge", { amount: 10n ** 20n }),
  ),
  dead("an empty id", "id_invalid", SEND_ANEW, wrong("", {})),
  dead("an over-long id", "id_invalid", SEND_ANEW, wrong("t".repeat(129), {})),
  dead("control characters", "id_invalid", SEND_ANEW, wrong("bell\u0007\u0000", {})),
  dead("an empty worker", "id_invalid", SEND_ANEW, wrong("nobodys", { workerId: "" })),
  dead(
    "an unknown platform",
    "platform_unknown",
    /create it, then replay the dead letter/,
    wrong("lost", { platformId: "nowhere" }),
  ),
  {
    ...dead(
      "a key that another task has",
      "idempotency_key_conflict",
      /use a new id for another task/,
      wrong("second", { idempotencyKey: "once" }),
    ),
    before: taskDone({
      platformId: "events",
      taskId: "first",
      workerId: "amy",
      idempotencyKey: "once",
    }),
  },
  {
    ...dead(
      "an event id with another payload",
      "event_id_conflict",
      /Send the same content again/,
      wrong("changed", { amount: units(51) }),
    ),
    before: taskDone({ platformId: "events", taskId: "changed", workerId: "amy" }),
  },
  dead(
    "a record of 5 MB",
    "id_invalid",
    SEND_ANEW,
    wrong("5".repeat(FIVE_MB), { eventId: "five" }),
  ),
  dead(
    "a record of 8 MB",
    "id_invalid",
    SEND_ANEW,
    wrong("8".repeat(EIGHT_MB), { eventId: "eight" }),
  ),
  fails(
    "an unknown currency",
    "currency_unsupported",
    /pay this task by other means/,
    wrong("doge", { currency: "DOGE" }),
  ),
  fails(
    "an amount beyond the limits",
    "amount_out_of_range",
    /change the limits, then retry/,
    wrong("dear", { amount: units(10_001) }),
  ),
  fails("an unknown worker", "wallet_not_found", RETRY, wrong("strangers", { workerId: "who" })),
  fails(
    "another platform's task",
    "task_not_found",
    RETRY,
    wrong("elsewheres", { platformId: "directory" }),
  ),
  fails(
    "another worker's task",
    "worker_mismatch",
    /nothing is due to this one/,
    wrong("bens", { platformId: "directory" }),
  ),
  fails(
    "an unfinished task",
    "task_not_completed",
    RETRY,
    wrong("unfinished", { platformId: "directory" }),
  ),
  fails(
    "another amount than the task's",
    "amount_mismatch",
    RETRY,
    wrong("cheaper", { platformId: "directory" }),
  ),
];
