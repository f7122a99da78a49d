import { pino } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { recheckDue } from "../../src/acceptance/recheck.ts";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { migrate } from "../../src/database/migrate.ts";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { readLaneStatus } from "../../src/dispatch/lane-status.ts";
import { createOutcomeDecoder } from "../../src/kafka/decode-outcome.ts";
import { createEncoder } from "../../src/kafka/encode.ts";
import type { KafkaRecord } from "../../src/kafka/kafka-record.ts";
import { newestSchema } from "../../src/kafka/schemas.ts";
import type { Terms } from "../../src/payment/evidence.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { parseMicros } from "../../src/payment/money.ts";
import type { FollowedBlock, FoundTransaction } from "../../src/payment/pay-once-log.ts";
import type { AcceptInput } from "../../src/payment/submission.ts";
import { moveOwnOffsets } from "../../src/relay/move-own-offsets.ts";
import { readUnpublished } from "../../src/relay/read-unpublished.ts";
import { adoptAnnounced } from "../../src/restore/adopt-announced.ts";
import { adoptBatch } from "../../src/restore/adopt-own-topics.ts";
import { findPostponed } from "../../src/restore/postponed.ts";
import { adoptStored, adoptWithin } from "../../src/settlement/adopt-stored.ts";
import { loadCursor, storeFirstCursor } from "../../src/settlement/cursor.ts";
import { settleBlocks, type SettleBlocksDeps } from "../../src/settlement/settle-blocks.ts";
import { createAnnouncedPaidSweep } from "../../src/settlement/sweep-announced-paid.ts";
import { createStoredSweep } from "../../src/settlement/sweep-stored.ts";
import { createWake } from "../../src/wake.ts";
import { scriptedLane } from "../dispatch/scripted-lane.ts";
import { createPayOnceModel } from "../settlement/pay-once-model.ts";
import { insertSend } from "../settlement/settle-world.ts";
import { acceptanceOver, batchOf, tokens } from "../support/acceptance.ts";
import { databaseServer } from "../support/database.ts";
import { addressOf, insertDeployment } from "../support/seed.ts";
import { cloneDatabase } from "./restorable.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

const instance = { chainId: 5042002, payOnce: addressOf("PayOnce") };
const topics = { paymentCompleted: "payment.completed", paymentFailed: "payment.failed" };
const encoder = createEncoder({ completed: 1, failed: 2 });
const codec = createOutcomeDecoder(async (id) => ({
  schemaType: "AVRO",
  text: newestSchema(id === 1 ? "payment.completed" : "payment.failed"),
}));
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/** What has left for the chain. */
export interface Left {
  readonly intent: "pay" | "void";
  readonly item: { readonly paymentId: string; readonly generation: number; readonly terms: Terms };
}

export type TwoLives = Awaited<ReturnType<typeof startTwoLives>>;

const dueRow = z.object({
  id: z.string(),
  generation: z.number(),
  intent: z.enum(["pay", "void"]),
  payer: z.string(),
  token: z.string(),
  recipient: z.string(),
  net_amount: z.string(),
});

/**
 * The stages of the line over a real database that can be put back, between a chain (the contract's model) and topics that
 * remember everything. Nothing moves by itself: a trace says what happens, step by step.
 */
export async function startTwoLives() {
  const url = await (await databaseServer()).createDatabase();
  await migrate(url);
  const open = () => openPool({ url, poolMax: 4, statementTimeoutMs: 10_000 });
  let pool = await open();
  const chain = createPayOnceModel();
  const blocks: FollowedBlock[] = [];
  const published: KafkaRecord[] = [];
  const alarms: string[] = [];
  await insertDeployment(pool, instance);
  await storeFirstCursor(pool, instance, chain.cursor());
  for (const topic of Object.values(topics)) {
    await pool.query(sql.type(anyRow)`
      INSERT INTO own_offsets (topic, partition, next_offset) VALUES (${topic}, 0, 0)`);
  }

  const world = {
    chain,
    alarms,
    published,
    pool: (): Database => pool,
    id: (taskId: string) => paymentIdOf("platform-1", taskId),

    accept: (...events: TaskCompleted[]) =>
      acceptBatch(acceptance(), { ...batchOf(events), offsets: [] }),
    acceptInput: (input: AcceptInput) => acceptBatch(acceptance(), input),
    recheck: () => recheckDue(acceptance()),
    retry: (taskId: string, expectedGeneration: number) =>
      retryPayment(acceptance(), {
        paymentId: world.id(taskId),
        expectedGeneration,
        actor: "operator:test",
        reason: "its cause is mended",
      }),

    /** Commit 2 for everything that is due, and what leaves then; `[]` while dispatch stands still. */
    async dispatch(): Promise<Left[]> {
      const { paused } = await readLaneStatus(pool, scriptedLane(), []);
      if (paused.has("*")) return [];
      const due = await pool.any(sql.type(dueRow)`
        SELECT id, generation, intent, payer, token, recipient, net_amount FROM payments
        WHERE intent IS NOT NULL AND transaction_id IS NULL ORDER BY id`);
      const sends = due.map(({ id, generation, intent, net_amount: net, ...rest }) => {
        const terms: Terms = { ...rest, amount: parseMicros(net) ?? 0n };
        return { intent, item: { paymentId: id, generation, terms } };
      });
      for (const { intent, item } of sends) {
        const { paymentId, generation, terms } = item;
        await insertSend(pool, [{ id: paymentId, generation, terms }], { kind: intent });
      }
      return sends;
    },
    /** What has left reaches the chain; once more does no harm. */
    land(sends: readonly Left[]) {
      for (const { intent, item } of sends) {
        if (intent === "pay") chain.pay([item]);
        else chain.void([item]);
      }
      blocks.push(chain.mine());
    },
    /** Follows from the stored cursor to the head, as after any start. */
    async follow() {
      const cursor =
        (await loadCursor(pool, instance)) ??
        (await storeFirstCursor(pool, instance, chain.cursor()));
      const ahead = blocks.filter(({ header }) => header.number > cursor.number);
      if (ahead.length > 0) await settleBlocks(settle(), ahead);
      await createStoredSweep(settle())();
      await createAnnouncedPaidSweep({
        ...settle(),
        chain: { ...settle().chain, findTransaction },
      })();
    },
    /** Publishes what the outbox holds. */
    async relay() {
      const { rows } = await readUnpublished(pool);
      for (const { id, topic, key, payload, headers } of rows) {
        const offset = endOf(topic);
        published.push({
          topic,
          partition: 0,
          offset,
          timestamp: new Date(),
          key,
          value: payload,
          headers: { "event-id": [Buffer.from(String(headers["event-id"]))] },
        });
        await pool.query(sql.type(anyRow)`
          UPDATE outbox SET published_at = payment_now() WHERE id = ${id}`);
        await pool.query(
          sql.type(
            anyRow,
          )`${moveOwnOffsets([{ topic, partition: 0, from: offset, to: offset + 1n }])}`,
        );
      }
      return rows.length;
    },
    /** Reads our own topics from where this database knows them. */
    async adoptTopics() {
      for (const topic of Object.values(topics)) {
        const from = await pool.oneFirst(sql.type(z.object({ next_offset: z.bigint() }))`
          SELECT next_offset FROM own_offsets WHERE topic = ${topic}`);
        const to = endOf(topic);
        const records = published.filter((each) => each.topic === topic && each.offset >= from);
        const range = { topic, partition: 0, from, to };
        const batch = { range, records, fromOffset: from, nextOffset: to };
        const log = pino({ level: "silent" });
        const onPublished = () => undefined;
        await adoptBatch({ pool, topics, codec, log, onAlarm: note, onPublished }, batch);
      }
    },
    /** What the service does once an operator has closed a restore. */
    async judgePostponed() {
      await adoptStored(settle(), await findPostponed(pool, BEFORE_ALL));
    },

    async backUp() {
      await pool.end();
      const backup = await cloneDatabase(url);
      pool = await open();
      return {
        async restore() {
          await pool.end();
          await backup.restore();
          pool = await open();
        },
      };
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
  return world;

  async function findTransaction(txHash: string): Promise<FoundTransaction> {
    for (const { header, logs } of blocks) {
      const ours = logs.filter((log) => log.txHash === txHash);
      if (ours.length > 0) return { kind: "mined", header, logs: ours };
    }
    return { kind: "unknown" };
  }

  function endOf(topic: string): bigint {
    return BigInt(published.filter((each) => each.topic === topic).length);
  }

  function note({ kind }: { kind: string }): void {
    alarms.push(kind);
  }

  function settle(): SettleBlocksDeps {
    return {
      pool,
      log: pino({ level: "silent" }),
      metrics: unobserved,
      tracing: untraced,
      instance,
      tokens,
      rail: "arc",
      retries: { delaysMs: [0, 0, 0] },
      reputationPoints: 10,
      topics: { completed: topics.paymentCompleted, failed: topics.paymentFailed },
      encoder,
      wakes: { relay: createWake(), dispatch: createWake() },
      pausesOnAlarm: true,
      onAlarm: note,
      chain: {
        isBlocked: async () => false,
        read: async (pairs) => pairs.map(() => ({ balance: 10n ** 12n, allowance: 10n ** 12n })),
        findPaid: async () => undefined,
      },
    };
  }

  function acceptance() {
    return {
      ...acceptanceOver(pool, { retryDelaysMs: [] }),
      encodePaymentFailed: encoder.encodePaymentFailed,
      adopt: async (...[tx, ids]: Parameters<ReturnType<typeof acceptanceOver>["adopt"]>) => {
        await adoptAnnounced(tx, ids);
        await adoptWithin(tx, settle(), ids);
        return () => undefined;
      },
    };
  }
}
