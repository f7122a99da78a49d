import { sql } from "slonik";
import { z } from "zod";
import { paymentIdOf, refOf } from "../../../src/payment/ids.ts";
import { verifyLedger } from "../../../src/settlement/verify.ts";
import { instanceOf, lateAfterMsOf, readerOf, type Connected } from "../../../src/stage-deps.ts";
import { addressOf } from "../../support/seed.ts";
import type { World } from "./world.ts";

export interface Findings {
  readonly payments: number;
  readonly paidTwice: number;
  readonly lost: number;
  readonly contradicting: number;
  readonly failedButPaid: number;
  /** One line each; none: all promises held. */
  readonly violations: readonly string[];
}

interface Told {
  readonly kind: "completed" | "failed";
  readonly paymentId: string;
  readonly generation: number;
  readonly eventId: string;
  readonly bytes: string;
}

/**
 * Holds what the chain moved and what Kafka was told against what the platforms published. Nothing here asks the service
 * what it thinks; its own `verifyLedger` is asked last, and must agree.
 */
export async function judgeWorld(world: World, console: Connected): Promise<Findings> {
  const told = readTold(world);
  const paidTwice = findPaidTwice(world);
  const contradicting = [...findContradictions(told), ...findTwoContents(world)];
  const failedButPaid = findFailedButPaid(world, told);
  const { payments, lost } = await findLost(world, told);
  const others = [
    ...findWrongTransfers(world),
    ...(await findAlarms(world)),
    ...(await findMismatches(world, console)),
  ];
  return {
    payments,
    paidTwice: paidTwice.length,
    lost: lost.length,
    contradicting: contradicting.length,
    failedButPaid: failedButPaid.length,
    violations: [...paidTwice, ...contradicting, ...failedButPaid, ...lost, ...others],
  };
}

function readTold({ kafka, config }: World): Told[] {
  const read = (topic: string, kind: Told["kind"]) =>
    (kafka.published.get(topic) ?? []).map(({ value }): Told => {
      const bytes = value?.toString() ?? "";
      const { paymentId, generation, eventId } = JSON.parse(bytes) as Told;
      return { kind, paymentId, generation, eventId, bytes };
    });
  return [
    ...read(config.TOPIC_PAYMENT_COMPLETED, "completed"),
    ...read(config.TOPIC_PAYMENT_FAILED, "failed"),
  ];
}

function findPaidTwice({ chain }: World): string[] {
  return [...Map.groupBy(chain.transfers, ({ id }) => id)].flatMap(([id, transfers]) =>
    transfers.length > 1 ? [`paid twice: ${id} was moved ${transfers.length} times`] : [],
  );
}

function findContradictions(told: readonly Told[]): string[] {
  const groups = Map.groupBy(told, ({ paymentId, generation }) => `${paymentId} ${generation}`);
  return [...groups].flatMap(([name, events]) =>
    new Set(events.map(({ kind }) => kind)).size > 1
      ? [`contradicting: generation ${name} completed and failed`]
      : [],
  );
}

/** An event published again is the same event, to the byte. */
function findTwoContents({ kafka, isRestored }: World): string[] {
  const contents = new Map<string, Set<string>>();
  for (const [topic, records] of kafka.published) {
    for (const { headers, value } of records) {
      const [eventId] = [headers["event-id"]].flat();
      const name = eventId?.toString() ?? "an event without id";
      const known = contents.get(name) ?? new Set();
      contents.set(
        name,
        known.add(`${topic} ${isRestored ? factsIn(value) : (value?.toString() ?? "")}`),
      );
    }
  }
  return [...contents].flatMap(([eventId, found]) =>
    found.size > 1 ? [`contradicting: event ${eventId} has ${found.size} contents`] : [],
  );
}

/** An outcome that was forgotten and came out again: when it was noticed may differ, what happened may not. */
function factsIn(value: Buffer | null): string {
  const text = value?.toString() ?? "";
  if (!text.startsWith("{")) return text;
  const {
    occurredAt: _,
    latencyMs: __,
    attempts: ___,
    ...facts
  } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...facts, circleTransactionId: null });
}

function findFailedButPaid({ chain }: World, told: readonly Told[]): string[] {
  const paid = new Set(chain.transfers.map(({ id, generation }) => `${id} ${generation}`));
  return told.flatMap(({ kind, paymentId, generation }) =>
    kind === "failed" && paid.has(`${refOf(paymentId)} ${generation}`)
      ? [`failed but paid: ${paymentId} in generation ${generation}`]
      : [],
  );
}

/** The money went to whom the task says, less the fee, and from its platform. */
function findWrongTransfers({ chain, tasks }: World): string[] {
  return chain.transfers.flatMap(({ id, payer, to, amount }) => {
    const task = tasks.find(
      ({ event }) => refOf(paymentIdOf(event.platformId, event.taskId)) === id,
    );
    if (!task) return [`wrong transfer: ${id} is nobody's task`];
    const { event } = task;
    const net = event.amount - (event.amount * 25n) / 1_000n;
    const isRight =
      amount === net &&
      payer.toLowerCase() === addressOf(event.platformId) &&
      to.toLowerCase() === addressOf(event.workerId);
    return isRight
      ? []
      : [`wrong transfer: ${event.taskId} moved ${amount} from ${payer} to ${to}`];
  });
}

const paymentRow = z.object({
  id: z.string(),
  state: z.string(),
  generation: z.number(),
  doubt: z.string().nullable(),
});

/** Every published task ended, told of its end, and told the truth; everything else is a dead letter. */
async function findLost(
  world: World,
  told: readonly Told[],
): Promise<{ payments: number; lost: string[] }> {
  const rows = await world.database.pool.any(sql.type(paymentRow)`
    SELECT id, state, generation, doubt_reason AS doubt FROM payments`);
  const payments = new Map(rows.map((row) => [row.id, row]));
  const paid = new Set(world.chain.transfers.map(({ id }) => id as string));
  const lost = world.tasks.flatMap(({ event, isEligible }) => {
    const id = paymentIdOf(event.platformId, event.taskId);
    const payment = payments.get(id);
    if (!payment) return [`lost: ${event.taskId} has no payment`];
    const { state, generation } = payment;
    const ends = told.filter((one) => one.paymentId === id && one.generation === generation);
    if (state === "completed" && !paid.has(refOf(id))) {
      return [`lost: ${event.taskId} is completed, and nothing moved`];
    }
    if (state !== "completed" && paid.has(refOf(id))) {
      return [`lost: ${event.taskId} was paid, and is ${state} (${payment.doubt})`];
    }
    if (state === "completed" && !isEligible) return [`lost: ${event.taskId} must not be paid`];
    if (ends.some(({ kind }) => kind === state)) return [];
    return [`lost: ${event.taskId} is ${state} in generation ${generation}, and nobody was told`];
  });
  const letters = new Set(
    (world.kafka.published.get(world.config.TOPIC_DEAD_LETTERS) ?? []).map(
      ({ value }) => value?.toString("base64") ?? "",
    ),
  );
  const missing = world.unacceptable.flatMap((value) =>
    letters.has(value.toString("base64")) ? [] : [`lost: no dead letter for ${value.toString()}`],
  );
  return { payments: rows.length, lost: [...lost, ...missing] };
}

const alarmRow = z.object({ action: z.string(), count: z.bigint() });

/** What a database that forgot something rightly meets. */
const RESTORED_ALARMS = new Set(["alarm.restored", "alarm.paid_unknown"]);

/** Without a restored database nothing that happens here may look like a broken invariant to the service. */
async function findAlarms({ database, hasMovedOffsets, isRestored }: World): Promise<string[]> {
  const rows = await database.pool.any(sql.type(alarmRow)`
    SELECT action, count(*) AS count FROM audit_log WHERE action LIKE 'alarm.%' GROUP BY action`);
  return rows.flatMap(({ action, count }) =>
    (hasMovedOffsets && action.startsWith("alarm.offset_")) ||
    (isRestored && RESTORED_ALARMS.has(action))
      ? []
      : [`false alarm: ${action}, ${count} times`],
  );
}

async function findMismatches(world: World, console: Connected): Promise<string[]> {
  const chain = readerOf(console);
  const instance = instanceOf(world.config);
  // Its chain is asked for logs; its slots are the simulation's own, and compared by an invariant of their own.
  const source = { ...chain, slots: async () => [] };
  const options = { slots: 0, lateAfterMs: lateAfterMsOf(world.config) };
  const { mismatches } = await verifyLedger(
    { pool: console.pool, instance, chain: source },
    options,
  );
  return mismatches.map(({ kind, paymentId, detail }) => `verify: ${kind} ${paymentId} ${detail}`);
}
