import { sql, type QuerySqlToken } from "slonik";
import { describe, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import type { FollowedBlock } from "../../src/payment/pay-once-log.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import type { ChainSource } from "../../src/settlement/verify-chain.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { createWorld, insertPlanned, insertSend, instance, itemsOf } from "./settle-world.ts";

/** One payment completed, one failed after its void, one still waiting, a few empty blocks; and the chain to compare with. */
async function settledWorld(pool: Database) {
  const { chain, deps } = await createWorld(pool);
  const payments = await insertPlanned(pool, ["paid", "voided", "waiting"]);
  const [paid, voided, waiting] = payments;
  const pay = chain.pay(itemsOf(payments), {
    refuse: (id) => (id === paid.id ? undefined : "odd"),
  });
  await insertSend(pool, payments, { hashes: [pay] });
  const blocks = [chain.mine(), chain.mine()];
  await settleBlocks(deps, blocks);
  const voidHash = chain.void([{ paymentId: voided.id, generation: 1 }]);
  await insertSend(pool, [voided], { kind: "void", hashes: [voidHash] });
  blocks.push(chain.mine());
  await settleBlocks(deps, blocks.slice(2));
  return { blocks, deps, paid, voided, waiting };
}

function sourceOf(blocks: readonly FollowedBlock[]): ChainSource {
  const blockAt = (number: bigint) => {
    const block = blocks.find(({ header }) => header.number === number);
    if (!block) throw new Error(`block ${number} is not scripted`);
    return block;
  };
  return {
    header: async (number) => blockAt(number).header,
    payOnceLogs: async ({ number }) => blockAt(number).logs,
  };
}

async function kindsFound(pool: Database, blocks: readonly FollowedBlock[]): Promise<string[]> {
  const chain = sourceOf(blocks);
  const { mismatches } = await verifyLedger({ pool, instance, chain }, { fromBlock: 101n });
  return [...new Set(mismatches.map(({ kind }) => kind))].sort();
}

describe("verifying the ledger", () => {
  test("what settling wrote agrees with itself and with the chain", async () => {
    await using database = await freshDatabase();
    const { blocks } = await settledWorld(database.pool);
    const deps = { pool: database.pool, instance, chain: sourceOf(blocks) };
    expect(await verifyLedger(deps, { fromBlock: 101n })).toEqual({
      mismatches: [],
      isCut: false,
      paymentsChecked: 3,
      blocksChecked: { fromBlock: 101n, toBlock: 103n },
    });
  });

  const damages: [string, string[], QuerySqlToken][] = [
    [
      "a Paid that is not stored",
      ["completed_without_paid", "log_not_stored"],
      sql.type(anyRow)`DELETE FROM chain_events WHERE kind = 'paid'`,
    ],
    [
      "an amount that is not the chain's",
      ["completed_under_other_terms"],
      sql.type(anyRow)`UPDATE payments SET net_amount = 49, fee = 1 WHERE state = 'completed'`,
    ],
    [
      "a stored log that is not the chain's",
      ["completed_under_other_terms", "log_differs"],
      sql.type(anyRow)`UPDATE chain_events SET amount_micros = 1 WHERE kind = 'paid'`,
    ],
    [
      "a paid payment that still waits",
      ["paid_not_completed"],
      sql.type(anyRow)`
        INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref,
          payment_id, generation)
        SELECT ${instance.chainId}, ${instance.payOnce}, 90, '0x', '0x', 0, 'paid', '0x', id, 1
        FROM payments WHERE state = 'planned'`,
    ],
    [
      "a log beyond the chain",
      ["log_not_on_chain", "paid_unknown"],
      sql.type(anyRow)`
        INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, generation)
        VALUES (${instance.chainId}, ${instance.payOnce}, 102, '0x', '0x', 0, 'paid', '0x', 1)`,
    ],
    [
      "a second Paid of one ref",
      ["paid_twice"],
      sql.type(anyRow)`
        INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref,
          payment_id, generation)
        SELECT chain_id, pay_once, 90, block_hash, '0x', 0, kind, ref, payment_id, 2 FROM chain_events WHERE kind = 'paid'`,
    ],
    [
      "an outcome that was lost",
      ["event_without_outcome", "outcome_missing"],
      sql.type(anyRow)`DELETE FROM payment_outcomes WHERE kind = 'failed'`,
    ],
    [
      "a failed outcome of what was paid",
      ["failed_though_paid", "outcome_contradicts_state", "outcome_missing"],
      sql.type(anyRow)`UPDATE payment_outcomes SET kind = 'failed' WHERE kind = 'completed'`,
    ],
    [
      "a failure without its void",
      ["failed_without_void"],
      sql.type(anyRow)`UPDATE payments SET void_tx_hash = '0x' WHERE state = 'failed'`,
    ],
    [
      "an event that was lost",
      ["event_missing"],
      sql.type(anyRow)`DELETE FROM outbox WHERE topic = 'payment.failed'`,
    ],
    [
      "reputation that was never given",
      ["reputation_missing"],
      sql.type(anyRow)`DELETE FROM reputation_events`,
    ],
    [
      "reputation that was taken away",
      ["reputation_below_points"],
      sql.type(anyRow)`UPDATE workers SET reputation = 0`,
    ],
    [
      "a task that is not marked",
      ["task_not_paid"],
      sql.type(anyRow)`UPDATE tasks SET status = 'completed', paid_by = NULL WHERE status = 'paid'`,
    ],
    [
      "a payment left in a closed send",
      ["travels_in_closed_send"],
      sql.type(anyRow)`
        UPDATE payments SET transaction_id = (SELECT id FROM transactions WHERE kind = 'void') WHERE state = 'planned'`,
    ],
  ];
  test.each(damages)("finds %s", async (_, kinds, damage) => {
    await using database = await freshDatabase();
    const { blocks } = await settledWorld(database.pool);
    await tamper(database.pool, damage);
    expect(await kindsFound(database.pool, blocks)).toEqual(kinds);
  });

  test("a chain that is not the one that was followed is said first, and not compared log by log", async () => {
    await using database = await freshDatabase();
    const { blocks } = await settledWorld(database.pool);
    const other = blocks.map((block) => ({
      ...block,
      header: { ...block.header, hash: `${block.header.hash}00` },
    }));
    expect(await kindsFound(database.pool, other)).toEqual(["cursor_differs"]);
  });
});
