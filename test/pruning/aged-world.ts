import { sql } from "slonik";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { discardDeadLetter } from "../../src/acceptance/discard-dead-letter.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import type { FollowedBlock } from "../../src/payment/pay-once-log.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { becomeLetter, bytesOf, replayOver } from "../support/dead-letters.ts";
import { fromKafka, taskCompleted, TOPIC } from "../support/acceptance.ts";
import { holdClock } from "../support/hold-clock.ts";
import { readPlanned } from "../support/read-planned.ts";
import { createWorld, insertSend, itemsOf } from "../settlement/settle-world.ts";
import { sourceOf } from "../settlement/settled-world.ts";

export const AGE_DAYS = 100;

/**
 * A ledger of two times, by its own stages: `old-…` from a hundred days ago, `young-…` of now. Each has payments that were
 * accepted from Kafka, sent, settled and published, and a dead letter that was discarded; there is an open one as well.
 */
export async function agedWorld(pool: Database) {
  const { chain, deps } = await createWorld(pool);
  await pool.query(sql.type(anyRow)`UPDATE platforms SET task_source = 'event' WHERE id = 'acme'`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO workers (id, wallet_address) VALUES ('amy', '0x00000000000000000000000000000000000000aa')`);
  const acceptance = replayOver(pool);
  const blocks: FollowedBlock[] = [];
  let offset = 0n;

  const accept = async (taskIds: readonly string[]) => {
    const events = taskIds.map((taskId) =>
      taskCompleted({ taskId, platformId: "acme", workerId: "amy" }),
    );
    const submissions = events.map((event, index) =>
      fromKafka(event, { offset: offset + BigInt(index), value: bytesOf(event) }),
    );
    const expected = offset === 0n ? null : offset;
    offset += BigInt(events.length);
    return acceptBatch(acceptance, {
      submissions,
      offsets: [{ topic: TOPIC, partition: 0, expected, next: offset }],
    });
  };
  const pay = async (taskIds: readonly string[]) => {
    await accept(taskIds);
    for (const taskId of taskIds) {
      const payments = await readPlanned(pool, taskId);
      await insertSend(pool, payments, { hashes: [chain.pay(itemsOf(payments))] });
    }
    const block = chain.mine();
    blocks.push(block);
    await settleBlocks(deps, [block]);
    await pool.query(sql.type(anyRow)`UPDATE outbox SET published_at = payment_now()`);
  };
  const letter = async () => {
    const id = await becomeLetter(acceptance, "garbage");
    offset += 1n;
    return id;
  };
  const discard = (id: string) =>
    discardDeadLetter({ pool }, id, { actor: "operator:ada", reason: "garbage" });

  await pay(["old-1", "old-2", "old-3"]);
  const oldLetter = await letter();
  await discard(oldLetter);
  const openLetter = await letter();
  await pool.query(sql.type(anyRow)`UPDATE outbox SET published_at = payment_now()`);
  await holdClock(pool, AGE_DAYS * 86_400_000);
  await pay(["young-1", "young-2"]);
  const youngLetter = await letter();
  await discard(youngLetter);
  return {
    chain: sourceOf(blocks, chain.slotOf),
    letters: { old: oldLetter, open: openLetter, young: youngLetter },
    /** Kafka's topic is read again from its beginning, as after its backup was restored. */
    rewind: async (taskIds: readonly string[]) => {
      offset = 0n;
      await pool.query(sql.type(anyRow)`DELETE FROM kafka_offsets`);
      return accept(taskIds);
    },
  };
}
