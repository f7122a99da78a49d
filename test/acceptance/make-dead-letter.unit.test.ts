import { expect, test } from "vitest";
import {
  DEAD_LETTER_BYTES_MAX,
  makeDeadLetter,
  toDeadLetterRecord,
} from "../../src/acceptance/make-dead-letter.ts";
import { fromKafka } from "../support/acceptance.ts";

const failedAt = new Date("2026-03-01T12:00:01.000Z");
const reason = {
  objection: { code: "not_avro", message: "It is not Avro.", field: null },
  platformId: null,
  paymentId: null,
};

function recordOf(changes: { value?: Buffer | null; headers?: Record<string, Buffer[]> }) {
  const { source } = fromKafka({ code: "x", message: "x" }, { offset: 7n, ...changes });
  if (source.kind !== "kafka") throw new Error("not from Kafka");
  return source;
}

test("the DLQ gets the original key, bytes and headers, and why, where from and when", () => {
  const source = recordOf({
    headers: { trace: [Buffer.from("t1")], twice: [Buffer.from("a"), Buffer.from("b")] },
  });
  const letter = makeDeadLetter(source, reason);
  const record = toDeadLetterRecord(letter, failedAt);
  expect(record.key).toBe(source.key);
  expect(record.value).toBe(source.value);
  expect(record.headers).toEqual({
    "event-id": letter.id,
    trace: "t1",
    twice: ["a", "b"],
    "x-error-code": "not_avro",
    "x-error-message": "It is not Avro.",
    "x-original-topic": "task.completed",
    "x-original-partition": "0",
    "x-original-offset": "7",
    "x-failed-at": "2026-03-01T12:00:01.000Z",
    "x-dead-letter-id": letter.id,
    "x-value-sha256": letter.valueHash.toString("hex"),
  });
});

test("a wrong or differing field is named, and a record that was dead once says why it is dead now", () => {
  const headers = {
    "x-error-code": [Buffer.from("older")],
    "x-error-field": [Buffer.from("older")],
  };
  const objection = { code: "id_invalid", message: "It is no id.", field: "taskId" };
  const letter = makeDeadLetter(recordOf({ headers }), { ...reason, objection });
  expect(toDeadLetterRecord(letter, failedAt).headers).toMatchObject({
    "x-error-code": "id_invalid",
    "x-error-field": "taskId",
  });
});

test("5 MB go to the DLQ as they are; 8 MB, or 6 MB of headers, leave a hash and the way to the bytes", () => {
  const large = makeDeadLetter(recordOf({ value: Buffer.alloc(5_000_000) }), reason);
  expect(toDeadLetterRecord(large, failedAt).value).toHaveLength(5_000_000);

  for (const source of [
    recordOf({ value: Buffer.alloc(8_000_000) }),
    recordOf({ headers: { big: [Buffer.alloc(DEAD_LETTER_BYTES_MAX)] } }),
  ]) {
    const letter = makeDeadLetter(source, reason);
    const record = toDeadLetterRecord(letter, failedAt);
    expect(JSON.stringify(record.headers).length + (record.value?.length ?? 0)).toBeLessThan(2_000);
    expect(JSON.parse(String(record.value))).toEqual({
      deadLetterId: letter.id,
      valueSha256: letter.valueHash.toString("hex"),
      valueBytes: source.value?.length,
    });
  }
});

test("a record read again is the same dead letter; another value at the same offset is not", () => {
  const one = makeDeadLetter(recordOf({}), reason);
  expect(makeDeadLetter(recordOf({}), reason).id).toBe(one.id);
  expect(makeDeadLetter(recordOf({ value: null }), reason).id).not.toBe(one.id);
});

test("what the producer's clock or the decoder's message cannot be written as does not harm it", () => {
  const source = { ...recordOf({}), timestamp: new Date(Number.NaN) };
  const message = `${"x".repeat(499)}\u{1F4B8} \u0000 \uD800.`;
  const letter = makeDeadLetter(source, { ...reason, objection: { ...reason.objection, message } });
  expect(letter.recordAt).toBeNull();
  expect(letter.objection.message.isWellFormed()).toBe(true);
  const { headers } = toDeadLetterRecord(letter, failedAt);
  expect(JSON.stringify(headers)).not.toMatch(/\\u0000|\\ud8/i);
});
