import avro from "avsc";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import { compileAvro } from "../../src/kafka/avro-types.ts";
import { createDecoder } from "../../src/kafka/decode.ts";
import { createEncoder } from "../../src/kafka/encode.ts";
import { readFrame, writeFrame } from "../../src/kafka/frame.ts";
import { newestSchema } from "../../src/kafka/schemas.ts";
import type { PaymentCompleted, PaymentFailed, TaskCompleted } from "../../src/payment/events.ts";
import { MAX_MICROS } from "../../src/payment/money.ts";

const TASK_SCHEMA = newestSchema("task.completed");
const taskType = compileAvro(TASK_SCHEMA);

const task: TaskCompleted = {
  eventId: "e-1",
  occurredAt: new Date("2026-11-02T10:00:00.123Z"),
  taskId: "t-1",
  workerId: "w-1",
  platformId: "p-1",
  amount: 50_500_000n,
  currency: "USDC",
  idempotencyKey: null,
};

const frameTask = (event: object, schemaId = 1) => writeFrame(schemaId, taskType.toBuffer(event));

type SchemaJson = { fields: { name: string; type: unknown; default?: unknown }[] } & Record<
  string,
  unknown
>;

/** The task schema as another writer might have it. */
function writerSchema(change: (schema: SchemaJson) => void): string {
  const schema = JSON.parse(TASK_SCHEMA) as SchemaJson;
  change(schema);
  return JSON.stringify(schema);
}

function fieldOf(schema: SchemaJson, name: string) {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (!field) throw new Error(`no field ${name}`);
  return field;
}

function decoderOver(schemas: Record<number, string>, schemaType = "AVRO") {
  const fetchSchema = vi.fn(async (id: number) => {
    const text = schemas[id];
    return text === undefined ? undefined : { schemaType, text };
  });
  return { fetchSchema, ...createDecoder(fetchSchema) };
}

/** Micro-units over the whole of decimal(20,6), its edges included. */
const micros = fc.oneof(
  fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.integer({ min: 0, max: 66 }).map((bits) => 1n << BigInt(bits)),
  fc.constantFrom(MAX_MICROS, -MAX_MICROS),
);
const times = fc.date({
  min: new Date("0001-01-01T00:00:00.000Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});

describe("task.completed", () => {
  it("keeps every amount and every time exactly", async () => {
    const { decodeTaskCompleted } = decoderOver({ 1: TASK_SCHEMA });
    await fc.assert(
      fc.asyncProperty(
        micros,
        times,
        fc.option(fc.string()),
        async (amount, occurredAt, idempotencyKey) => {
          const event = { ...task, amount, occurredAt, idempotencyKey };
          expect(await decodeTaskCompleted(frameTask(event))).toEqual({ ok: true, event });
        },
      ),
      { numRuns: 500 },
    );
  });

  it("writes the shortest two's complement, as Java's BigInteger does", () => {
    const bytesOf = (value: bigint) =>
      compileAvro(
        JSON.stringify({ type: "bytes", logicalType: "decimal", precision: 20, scale: 6 }),
      )
        .toBuffer(value)
        .subarray(1)
        .toString("hex");
    expect([0n, 1n, 127n, 128n, 255n, 256n].map(bytesOf)).toEqual([
      "00",
      "01",
      "7f",
      "0080",
      "00ff",
      "0100",
    ]);
    expect([-1n, -128n, -129n, -256n].map(bytesOf)).toEqual(["ff", "80", "ff7f", "ff00"]);
    expect(bytesOf(MAX_MICROS)).toBe("056bc75e2d630fffff");
  });

  it("reads an amount above decimal(20,6): what to do with it is the acceptance's to say", async () => {
    const raw = rawTaskType().toBuffer({ ...rawTask, amount: Buffer.alloc(16, 0x7f) });
    const decoded = await decoderOver({ 1: TASK_SCHEMA }).decodeTaskCompleted(writeFrame(1, raw));
    expect(decoded).toMatchObject({ ok: true, event: { amount: BigInt(`0x${"7f".repeat(16)}`) } });
  });

  it("decodes a currency nobody knows", async () => {
    const { decodeTaskCompleted } = decoderOver({ 1: TASK_SCHEMA });
    const decoded = await decodeTaskCompleted(frameTask({ ...task, currency: "DOGE" }));
    expect(decoded).toMatchObject({ ok: true, event: { currency: "DOGE" } });
  });

  it("decodes to a plain object", async () => {
    const decoded = await decoderOver({ 1: TASK_SCHEMA }).decodeTaskCompleted(frameTask(task));
    if (!decoded.ok) throw new Error(decoded.message);
    expect(Object.getPrototypeOf(decoded.event)).toBe(Object.prototype);
  });
});

const rawTask = {
  ...task,
  occurredAt: task.occurredAt.getTime(),
  amount: Buffer.from([1]),
};

/** The same schema without our conversions: for bytes that our own writer refuses to write. */
function rawTaskType() {
  return avro.Type.forSchema(JSON.parse(TASK_SCHEMA) as avro.Schema);
}

describe("a record that cannot be read is told apart by code, and never throws", () => {
  const rawFrame = (change: object) =>
    writeFrame(1, rawTaskType().toBuffer({ ...rawTask, ...change }));

  it.each([
    ["a tombstone", null, "tombstone"],
    ["nothing at all", Buffer.alloc(0), "not_avro"],
    ["JSON", Buffer.from('{"taskId":"t-1"}'), "not_avro"],
    ["a frame cut short", Buffer.from([0, 0, 0, 0]), "not_avro"],
    ["a negative schema id", Buffer.from([0, 255, 255, 255, 255, 1]), "not_avro"],
    ["an id the registry does not know", frameTask(task, 7), "unknown_schema"],
    ["an empty body", writeFrame(1, Buffer.alloc(0)), "payload_malformed"],
    ["a body cut short", frameTask(task).subarray(0, -3), "payload_malformed"],
    [
      "bytes after the end",
      Buffer.concat([frameTask(task), Buffer.from([1])]),
      "payload_malformed",
    ],
    ["an amount of no bytes", rawFrame({ amount: Buffer.alloc(0) }), "amount_malformed"],
    ["an amount of 17 bytes", rawFrame({ amount: Buffer.alloc(17, 1) }), "amount_malformed"],
    [
      "a time after the year 9999",
      rawFrame({ occurredAt: 253_402_300_800_000 }),
      "time_out_of_range",
    ],
    [
      "a time before the year 1",
      rawFrame({ occurredAt: -62_135_596_800_001 }),
      "time_out_of_range",
    ],
  ])("%s", async (_name, value, code) => {
    const decoded = await decoderOver({ 1: TASK_SCHEMA }).decodeTaskCompleted(value);
    expect(decoded).toMatchObject({ ok: false, code });
  });

  it("whatever the bytes", async () => {
    const { decodeTaskCompleted } = decoderOver({ 1: TASK_SCHEMA });
    const good = frameTask(task);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.uint8Array({ maxLength: 200 }).map((body) => writeFrame(1, Buffer.from(body))),
          fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
            const mangled = Buffer.from(good);
            mangled[at] = byte;
            return mangled;
          }),
        ),
        async (bytes) => {
          const decoded = await decodeTaskCompleted(Buffer.from(bytes));
          if (decoded.ok) expect(typeof decoded.event.amount).toBe("bigint");
          else expect(decoded.message.length).toBeLessThanOrEqual(400);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("writer schemas", () => {
  it("reads a newer writer's records, dropping the fields it does not know", async () => {
    const newer = writerSchema((schema) => {
      schema.fields.unshift({
        name: "tags",
        type: { type: "array", items: "string" },
        default: [],
      });
      schema.fields.push({ name: "tip", type: ["null", "double"], default: null });
    });
    const bytes = compileAvro(newer).toBuffer({ ...task, tags: ["a", "b"], tip: 1.5 });
    const decoded = await decoderOver({ 2: newer }).decodeTaskCompleted(writeFrame(2, bytes));
    expect(decoded).toEqual({ ok: true, event: task });
  });

  it("reads a writer without the optional field", async () => {
    const older = writerSchema((schema) => {
      schema.fields = schema.fields.filter(({ name }) => name !== "idempotencyKey");
    });
    const bytes = compileAvro(older).toBuffer(task);
    const decoded = await decoderOver({ 2: older }).decodeTaskCompleted(writeFrame(2, bytes));
    expect(decoded).toEqual({ ok: true, event: task });
  });

  const cents = { type: "bytes", logicalType: "decimal", precision: 20, scale: 2 };
  it.each<[string, (schema: SchemaJson) => void]>([
    ["amounts in cents", (s) => (fieldOf(s, "amount").type = cents)],
    ["amounts as bare bytes", (s) => (fieldOf(s, "amount").type = "bytes")],
    ["amounts as doubles", (s) => (fieldOf(s, "amount").type = "double")],
    ["amounts that may be null", (s) => (fieldOf(s, "amount").type = ["null", "double"])],
    [
      "times in microseconds",
      (s) => (fieldOf(s, "occurredAt").type = { type: "long", logicalType: "timestamp-micros" }),
    ],
    ["times without a unit", (s) => (fieldOf(s, "occurredAt").type = "long")],
    ["another record", (s) => (s["name"] = "TaskCancelled")],
    ["no task id", (s) => (s.fields = s.fields.filter(({ name }) => name !== "taskId"))],
    ["what is no Avro schema", (s) => (fieldOf(s, "taskId").type = "nonsense")],
  ])("refuses a writer of %s as wrong_schema", async (_name, change) => {
    const { decodeTaskCompleted } = decoderOver({ 1: writerSchema(change) });
    expect(await decodeTaskCompleted(frameTask(task))).toMatchObject({
      ok: false,
      code: "wrong_schema",
    });
  });

  it("refuses a schema that is not Avro as wrong_schema", async () => {
    const { decodeTaskCompleted } = decoderOver({ 1: '{"type":"object"}' }, "JSON");
    expect(await decodeTaskCompleted(frameTask(task))).toMatchObject({ code: "wrong_schema" });
  });

  it("asks the registry once for a writer, however many records meet it at the same time", async () => {
    const { decodeTaskCompleted, fetchSchema } = decoderOver({ 1: TASK_SCHEMA });
    await Promise.all(Array.from({ length: 20 }, () => decodeTaskCompleted(frameTask(task))));
    await decodeTaskCompleted(frameTask(task));
    expect(fetchSchema).toHaveBeenCalledTimes(1);
  });

  it("passes on that the registry cannot be asked, and asks again for the next record", async () => {
    const away = new PaymentError("REGISTRY_UNAVAILABLE", "retry", "away");
    const fetchSchema = vi
      .fn(async () => ({ schemaType: "AVRO", text: TASK_SCHEMA }))
      .mockRejectedValueOnce(away);
    const { decodeTaskCompleted } = createDecoder(fetchSchema);
    await expect(decodeTaskCompleted(frameTask(task))).rejects.toBe(away);
    expect(await decodeTaskCompleted(frameTask(task))).toMatchObject({ ok: true });
  });

  it("forgets the least recently used beyond 256", async () => {
    const fetchSchema = vi.fn(async () => ({ schemaType: "AVRO", text: TASK_SCHEMA }));
    const { decodeTaskCompleted } = createDecoder(fetchSchema);
    for (let id = 1; id <= 256; id++) await decodeTaskCompleted(frameTask(task, id));
    await decodeTaskCompleted(frameTask(task, 1));
    await decodeTaskCompleted(frameTask(task, 257));
    expect(fetchSchema).toHaveBeenCalledTimes(257);
    await decodeTaskCompleted(frameTask(task, 1));
    expect(fetchSchema).toHaveBeenCalledTimes(257);
    await decodeTaskCompleted(frameTask(task, 2));
    expect(fetchSchema).toHaveBeenCalledTimes(258);
  });
});

describe("our own events", () => {
  const completed: PaymentCompleted = {
    eventId: "e-2",
    occurredAt: new Date("2026-11-02T10:00:01.500Z"),
    paymentId: "7d1c4b9e-0000-4000-8000-000000000001",
    generation: 1,
    sourceEventId: "e-1",
    taskId: "t-1",
    workerId: "w-1",
    platformId: "p-1",
    amount: 50_500_000n,
    fee: 1_000_000n,
    netAmount: 49_500_000n,
    currency: "USDC",
    rail: "arc",
    chainId: 5_042_002,
    txHash: `0x${"ab".repeat(32)}`,
    blockNumber: 123_456_789n,
    logIndex: 3,
    circleTransactionId: null,
    attempts: 1,
    latencyMs: 1_377,
  };
  const failed: PaymentFailed = {
    eventId: "e-3",
    occurredAt: new Date("2026-11-02T10:00:01.500Z"),
    paymentId: "7d1c4b9e-0000-4000-8000-000000000002",
    generation: 2,
    sourceEventId: "e-1",
    taskId: "t-1",
    workerId: "w-1",
    platformId: "p-1",
    amount: -1n,
    currency: "DOGE",
    code: "currency_unsupported",
    message: "DOGE has no token here; pay in USDC or EURC.",
    retryable: false,
    attempts: 0,
    voidTxHash: null,
  };
  const encoder = createEncoder({ completed: 41, failed: 42 });

  const read = (event: "payment.completed" | "payment.failed", value: Buffer) => {
    const frame = readFrame(value);
    if (!frame) throw new Error("not framed");
    const body = compileAvro(newestSchema(event)).fromBuffer(frame.payload) as object;
    return { schemaId: frame.schemaId, ...body };
  };

  it("are framed with the registered ids and lose nothing", () => {
    expect(read("payment.completed", encoder.encodePaymentCompleted(completed))).toEqual({
      schemaId: 41,
      ...completed,
      blockNumber: Number(completed.blockNumber),
    });
    expect(read("payment.failed", encoder.encodePaymentFailed(failed))).toEqual({
      schemaId: 42,
      ...failed,
    });
  });

  it("cannot be written with an amount that is no bigint of micro-units", () => {
    const asNumber = { ...completed, fee: 1 as unknown as bigint };
    expect(() => encoder.encodePaymentCompleted(asNumber)).toThrow(/no amount/);
    const tooLarge = { ...completed, amount: MAX_MICROS + 1n };
    expect(() => encoder.encodePaymentCompleted(tooLarge)).toThrow(/no amount/);
    const noTime = { ...completed, occurredAt: new Date(Number.NaN) };
    expect(() => encoder.encodePaymentCompleted(noTime)).toThrow(/no time/);
  });
});
