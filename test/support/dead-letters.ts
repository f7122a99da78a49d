import { sql } from "slonik";
import { z } from "zod";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import type { ReplayDeps } from "../../src/acceptance/replay-dead-letter.ts";
import type { Database } from "../../src/database/pool.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { acceptanceOver, fromKafka, TOPIC, type TestAcceptance } from "./acceptance.ts";

/** Acceptance that also reads a letter's bytes: JSON here, so that tests can write them. */
export type TestReplay = TestAcceptance & ReplayDeps;

export function replayOver(
  pool: Database,
  changes: Parameters<typeof acceptanceOver>[1] = {},
): TestReplay {
  return { ...acceptanceOver(pool, changes), decodeTaskCompleted };
}

async function decodeTaskCompleted(
  value: Buffer | null,
): ReturnType<ReplayDeps["decodeTaskCompleted"]> {
  const text = String(value);
  if (!text.startsWith("{")) return { ok: false, code: "not_avro", message: "It is not Avro." };
  const event = JSON.parse(text) as TaskCompleted & { amount: string; occurredAt: string };
  const { amount, occurredAt } = event;
  return {
    ok: true,
    event: { ...event, amount: BigInt(amount), occurredAt: new Date(occurredAt) },
  };
}

export function bytesOf(event: TaskCompleted): Buffer {
  return Buffer.from(JSON.stringify({ ...event, amount: event.amount.toString() }));
}

const idRow = z.object({ id: z.string() });

/** Delivers a record at the next offset, as Kafka would, and answers the id of the letter that it became. */
export async function becomeLetter(
  deps: TestReplay,
  event: TaskCompleted | "garbage",
  headers: Readonly<Record<string, readonly Buffer[]>> = {},
): Promise<string> {
  const next = await deps.pool.maybeOneFirst(sql.type(z.object({ n: z.bigint() }))`
    SELECT next_offset AS n FROM kafka_offsets WHERE topic = ${TOPIC} AND partition = 0`);
  const offset = next ?? 0n;
  const garbage = event === "garbage";
  const value = garbage ? Buffer.from("garbage") : bytesOf(event);
  const decoded = garbage ? { code: "not_avro", message: "It is not Avro." } : event;
  await acceptBatch(deps, {
    submissions: [fromKafka(decoded, { offset, value, headers })],
    offsets: [{ topic: TOPIC, partition: 0, expected: next, next: offset + 1n }],
  });
  const letter = await deps.pool.one(sql.type(idRow)`
    SELECT id FROM dead_letters WHERE topic = ${TOPIC} AND partition = 0 AND record_offset = ${offset}`);
  return letter.id;
}
