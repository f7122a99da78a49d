import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { Kafka } from "../kafka/client.ts";
import { placeOffset } from "../kafka/place-offset.ts";
import { committedOffsets, topicEnds } from "../kafka/topic-ends.ts";
import { nonceKey, type RestoreSign } from "./restore-sign.ts";

export interface OffsetSources {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly taskTopic: string;
  /** The stored next offsets of the task topic. */
  readonly loadOffsets: (
    topic: string,
    partitions: readonly number[],
  ) => Promise<ReadonlyMap<number, bigint>>;
}

/** Stored offsets behind Kafka's, of every partition, whoever reads it. Kafka is asked first: its offset only lags. */
export async function findOffsetSigns(sources: OffsetSources): Promise<RestoreSign[]> {
  const { kafka, groupId, taskTopic: topic } = sources;
  const committed = await committedOffsets(kafka, { groupId, topic });
  const stored = await sources.loadOffsets(topic, [...committed.keys()]);
  const ends = await topicEnds(kafka, [topic]);
  return ends.flatMap(({ partition, low, high }): RestoreSign[] => {
    const known = committed.get(partition) ?? null;
    const held = stored.get(partition) ?? null;
    const { alarms } = placeOffset({ stored: held, known, low, high });
    if (known === null || !alarms.includes("restored")) return [];
    const shown = { stored: held === null ? null : `${held}`, known: `${known}` };
    return [{ kind: "offsets", topic, partition, ...shown }];
  });
}

export interface NonceSources {
  readonly pool: Database;
  readonly chainId: number;
  /** Of the arc rail: Circle keeps the nonces of its wallets itself. */
  readonly operators: readonly string[];
  /** Nonces that the chain has seen used up to its newest block. */
  readonly usedNonces: (operator: string) => Promise<bigint>;
}

const nonceRow = z.object({ stored: z.bigint().nullable(), looked_at: z.string().nullable() });

/**
 * Operators of whom the chain has used a nonce that this database never gave out, but for those that an operator has
 * looked at in an earlier restore. The chain is asked first: a nonce is stored before it is used.
 */
export async function findNonceSigns(sources: NonceSources): Promise<RestoreSign[]> {
  const signs: RestoreSign[] = [];
  for (const operator of sources.operators) {
    const used = await sources.usedNonces(operator);
    const { stored, looked_at: lookedAt } = await askDatabase(() =>
      sources.pool.one(sql.prepared("restore-nonces", nonceRow)`
        SELECT
          (SELECT max(nonce) + 1 FROM transactions
           WHERE operator = ${operator} AND nonce IS NOT NULL AND chain_id = ${sources.chainId}) AS stored,
          (SELECT max((signs -> ${nonceKey(operator)} ->> 'chain')::bigint)::text FROM restores
           WHERE closed_at IS NOT NULL) AS looked_at
      `),
    );
    // A wallet that never sent for us may have been anybody's.
    if (stored === null || used <= stored) continue;
    if (lookedAt !== null && used <= BigInt(lookedAt)) continue;
    signs.push({ kind: "nonces", operator, stored: `${stored}`, chain: `${used}` });
  }
  return signs;
}
