import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import type { FoundTransaction } from "../../src/payment/pay-once-log.ts";
import { createAnnouncedPaidSweep } from "../../src/settlement/sweep-announced-paid.ts";
import { freshDatabase } from "../support/database.ts";
import { createWorld, insertPlanned, itemsOf, readPayment } from "./settle-world.ts";

const txHashOf = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;

/** What our own topic says of these payments, in this order. */
async function announce(pool: Database, said: readonly { id: string; txHash: string }[]) {
  const eventIds = said.map(() => randomUUID()).toSorted();
  await pool.query(sql.type(anyRow)`
    INSERT INTO announced_outcomes (event_id, payment_id, generation, kind, tx_hash, topic, partition, record_offset)
    SELECT a.event_id, a.payment_id, 1, 'completed', a.tx_hash, 'payment.completed', 0, 0
    FROM ${sql.unnest(
      said.map(({ id, txHash }, index) => [eventIds[index] ?? "", id, txHash]),
      ["uuid", "uuid", "text"],
    )} AS a (event_id, payment_id, tx_hash)`);
}

test("announced payments whose transactions no node knows keep no other waiting, and are asked for again", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { chain, deps } = await createWorld(pool);
  const taskIds = Array.from({ length: 31 }, (_, n) => `t${n}`);
  const payments = await insertPlanned(pool, taskIds);
  const known = payments.at(-1);
  if (!known) throw new Error("nothing was planned");
  const txOf = (index: number) => txHashOf(index + 1);
  await announce(
    pool,
    payments.map(({ id }, index) => ({ id, txHash: txOf(index) })),
  );
  chain.pay(itemsOf([known]));
  const { header, logs } = chain.mine();
  // Its block lies behind the cursor: following will not come by it.
  await pool.query(sql.type(anyRow)`UPDATE chain_cursors SET block_number = ${header.number}`);
  const askedFor: string[] = [];
  const findTransaction = async (txHash: string): Promise<FoundTransaction> => {
    askedFor.push(txHash);
    return txHash === txOf(30) ? { kind: "mined", header, logs } : { kind: "unknown" };
  };
  const sweep = createAnnouncedPaidSweep({ ...deps, chain: { ...deps.chain, findTransaction } });

  expect(await sweep()).toBe(0);
  expect(askedFor).toHaveLength(20);
  expect(await sweep()).toBe(1);
  expect(askedFor).toHaveLength(31);
  expect(await readPayment(pool, known.id)).toMatchObject({ state: "completed" });

  await sweep();
  await sweep();
  expect(askedFor.slice(31)).toEqual(askedFor.slice(0, 30));
});
