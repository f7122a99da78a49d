import { sql, type QuerySqlToken } from "slonik";
import { describe, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { refOf } from "../../src/payment/ids.ts";
import { LEDGER_CHECKS } from "../../src/settlement/ledger-checks.ts";
import { TRANSFER_CHECKS } from "../../src/settlement/transfer-checks.ts";
import { MISMATCH_KINDS } from "../../src/settlement/verification.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import type { ChainSource } from "../../src/settlement/verify-chain.ts";
import type { Slot, SlotSource } from "../../src/settlement/verify-slots.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { instance } from "./settle-world.ts";
import { settledWorld, sourceOf } from "./settled-world.ts";

type Settled = Awaited<ReturnType<typeof settledWorld>>;

const options = { range: { fromBlock: 101n }, slots: "all", lateAfterMs: 60_000 } as const;

async function kindsFound(pool: Database, chain: ChainSource & SlotSource): Promise<string[]> {
  const { mismatches } = await verifyLedger({ pool, instance, chain }, options);
  return [...new Set(mismatches.map(({ kind }) => kind))].sort();
}

describe("verifying the ledger", () => {
  test("what settling wrote agrees with itself, with the chain's logs and with its slots; every check says what it saw", async () => {
    await using database = await freshDatabase();
    const { chain } = await settledWorld(database.pool);
    const verification = await verifyLedger({ pool: database.pool, instance, chain }, options);
    expect(verification).toMatchObject({
      mismatches: [],
      isCut: false,
      blocksChecked: { fromBlock: 101n, toBlock: 103n },
    });
    const rowsOf = Object.fromEntries(verification.checks.map(({ name, rows }) => [name, rows]));
    expect(Object.keys(rowsOf)).toEqual([...Object.keys(LEDGER_CHECKS), "chain", "slots"]);
    expect(rowsOf).toMatchObject({
      money_not_conserved: 3,
      paid_twice: 4,
      outcome_contradicts_state: 2,
      event_without_payment: 3,
      chain: 4,
      slots: 3,
    });
  });

  const damages: [string, string[], QuerySqlToken][] = [
    [
      "a Paid that is not stored",
      ["completed_without_paid", "log_not_stored", "money_not_conserved"],
      sql.type(anyRow)`DELETE FROM chain_events WHERE kind = 'paid'`,
    ],
    [
      "an amount that is not the chain's",
      ["completed_under_other_terms", "money_not_conserved"],
      sql.type(anyRow)`UPDATE payments SET net_amount = 49, fee = 1 WHERE state = 'completed'`,
    ],
    [
      "a stored log that is not the chain's",
      ["completed_under_other_terms", "log_differs", "money_not_conserved"],
      sql.type(anyRow)`UPDATE chain_events SET amount_micros = 1 WHERE kind = 'paid'`,
    ],
    [
      "a paid payment that still waits",
      ["money_not_conserved", "paid_not_completed"],
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
      ["money_not_conserved", "paid_twice"],
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
      ["audit_missing", "failed_though_paid", "outcome_contradicts_state", "outcome_missing"],
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
      ["travels_in_closed_send", "travels_under_other_terms"],
      sql.type(anyRow)`
        UPDATE payments SET transaction_id = (SELECT id FROM transactions WHERE kind = 'void') WHERE state = 'planned'`,
    ],
    [
      "a payment that claims another one's log",
      [
        "completed_without_paid",
        "money_not_conserved",
        "one_log_pays_two",
        "outcome_missing",
        "reputation_missing",
        "slot_not_paid",
        "task_not_paid",
      ],
      sql.type(anyRow)`
        UPDATE payments p SET state = 'completed', intent = NULL, settled_at = payment_now(), tx_hash = d.tx_hash,
          block_number = d.block_number, log_index = d.log_index
        FROM payments d WHERE p.state = 'planned' AND d.state = 'completed'`,
    ],
    [
      "a log that was stored ahead of the cursor",
      ["log_beyond_cursor", "log_not_stored"],
      sql.type(anyRow)`UPDATE chain_events SET block_number = 104 WHERE kind = 'voided'`,
    ],
    [
      "a log of another block than it was followed in",
      ["block_differs"],
      sql.type(anyRow)`UPDATE chain_events SET block_hash = '0xother' WHERE kind = 'voided'`,
    ],
    [
      "a paid payment that was put aside",
      [
        "money_not_conserved",
        "outcome_contradicts_state",
        "paid_in_review",
        "reputation_unearned",
        "task_paid_by_unpaid",
      ],
      sql.type(anyRow)`
        UPDATE payments SET state = 'review', settled_at = NULL, doubt_reason = 'x', doubt_since = payment_now()
        WHERE state = 'completed'`,
    ],
    [
      "an outcome of a generation that never was",
      ["audit_missing", "event_missing", "outcome_of_no_generation"],
      sql.type(anyRow)`
        INSERT INTO payment_outcomes (payment_id, generation, kind, event_id)
        SELECT id, 2, 'failed', gen_random_uuid() FROM payments WHERE state = 'planned'`,
    ],
    [
      "two events for one generation",
      ["event_without_outcome", "two_events_of_a_generation"],
      sql.type(anyRow)`
        INSERT INTO outbox (event_id, topic, payment_id, generation)
        SELECT gen_random_uuid(), 'payment.failed', payment_id, generation FROM payment_outcomes WHERE kind = 'completed'`,
    ],
    ["an audit log that was emptied", ["audit_missing"], sql.type(anyRow)`DELETE FROM audit_log`],
    [
      "an event whose payment is gone",
      ["event_without_payment"],
      sql.type(anyRow)`
        INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict)
        VALUES ('acme', 'lost', sha256('payload'), gen_random_uuid(), 'new')`,
    ],
    [
      "payments that nobody asked for",
      ["payment_without_event"],
      sql.type(anyRow)`DELETE FROM inbox`,
    ],
    [
      "a record that was both taken and refused",
      ["record_accepted_and_dead"],
      sql.type(anyRow)`
        INSERT INTO dead_letters (id, code, message, topic, partition, record_offset, value_sha256)
        VALUES (gen_random_uuid(), 'x', 'x', 'task.completed', 0, 1, sha256('x'))`,
    ],
    [
      "an offset behind what was accepted",
      ["offset_behind_inbox"],
      sql.type(anyRow)`
        INSERT INTO kafka_offsets (topic, partition, next_offset) VALUES ('task.completed', 0, 2)`,
    ],
    [
      "a send that has lost an item",
      ["send_miscounted"],
      sql.type(anyRow)`
        UPDATE transactions SET state = 'open', closed_at = NULL, item_count = 2 WHERE kind = 'void'`,
    ],
    [
      "a send that nobody waits for any more",
      ["open_send_without_payments"],
      sql.type(anyRow)`
        UPDATE transactions SET state = 'open', closed_at = NULL, created_at = created_at - interval '1 hour'
        WHERE kind = 'void'`,
    ],
    [
      "an accepted payment that nobody looks at",
      ["accepted_overdue"],
      sql.type(anyRow)`
        UPDATE payments SET state = 'accepted', intent = NULL, next_attempt_at = payment_now() - interval '1 hour'
        WHERE state = 'planned'`,
    ],
    [
      "a due payment that nobody sends",
      ["due_overdue"],
      sql.type(anyRow)`
        WITH quiet AS (UPDATE transactions SET closed_at = closed_at - interval '1 hour')
        UPDATE payments SET next_attempt_at = payment_now() - interval '1 hour' WHERE state = 'planned'`,
    ],
    [
      "doubt that nobody raises",
      ["doubt_overdue"],
      sql.type(anyRow)`
        WITH open AS (
          UPDATE transactions SET state = 'open', closed_at = NULL, item_count = 3 WHERE kind = 'pay' RETURNING id)
        UPDATE payments SET transaction_id = (SELECT id FROM open), review_at = payment_now() - interval '1 hour'
        WHERE state = 'planned'`,
    ],
    [
      "an event that Kafka never got",
      ["outbox_overdue"],
      sql.type(anyRow)`UPDATE outbox SET created_at = created_at - interval '1 hour'`,
    ],
  ];
  test.each(damages)("finds %s", async (_, kinds, damage) => {
    await using database = await freshDatabase();
    const { chain } = await settledWorld(database.pool);
    await tamper(database.pool, damage);
    expect(await kindsFound(database.pool, chain)).toEqual(kinds);
  });

  const slotDamages: [string, string, (world: Settled) => [string, Slot]][] = [
    ["is not paid", "slot_not_paid", ({ paid }) => [paid.id, { paid: false, floor: 0 }]],
    ["is paid", "slot_paid", ({ waiting }) => [waiting.id, { paid: true, floor: 0 }]],
    ["is open", "slot_not_closed", ({ voided }) => [voided.id, { paid: false, floor: 1 }]],
  ];
  test.each(slotDamages)(
    "finds a slot that %s against what the payment says",
    async (_, kind, damage) => {
      await using database = await freshDatabase();
      const world = await settledWorld(database.pool);
      const [id, slot] = damage(world);
      const slots: SlotSource["slots"] = async (refs, block) => {
        const truth = await world.chain.slots(refs, block);
        return truth.map((each, index) => (refs[index] === refOf(id) ? slot : each));
      };
      expect(await kindsFound(database.pool, { ...world.chain, slots })).toEqual([kind]);
    },
  );

  test("no check is there that no damage has ever tripped", () => {
    const tripped = [
      ...damages.flatMap(([, kinds]) => kinds),
      ...slotDamages.map(([, kind]) => kind),
      "cursor_differs",
      // These in test/transfers/.
      ...Object.keys(TRANSFER_CHECKS),
      "transfer_not_on_chain",
      "ended_transfer_on_chain",
    ];
    expect(MISMATCH_KINDS.filter((kind) => !tripped.includes(kind))).toEqual([]);
  });

  const capacities: [string, QuerySqlToken][] = [
    [
      "dispatch is paused",
      sql.type(anyRow)`INSERT INTO pauses (scope, reason, actor) VALUES ('acme', 'a test', 'ada')`,
    ],
    [
      "its payer has no funds",
      sql.type(anyRow)`
        INSERT INTO payer_holds (payer, token, balance, allowance) SELECT payer, token, 0, 0 FROM payments LIMIT 1`,
    ],
    [
      "a backlog before it is being worked off",
      sql.type(anyRow)`UPDATE transactions SET closed_at = payment_now() WHERE kind = 'pay'`,
    ],
  ];
  test.each(capacities)("a due payment is not late while %s", async (_, capacity) => {
    await using database = await freshDatabase();
    const { chain } = await settledWorld(database.pool);
    await tamper(
      database.pool,
      sql.type(anyRow)`
        WITH quiet AS (UPDATE transactions SET closed_at = closed_at - interval '1 hour')
        UPDATE payments SET next_attempt_at = payment_now() - interval '1 hour' WHERE state = 'planned'`,
    );
    expect(await kindsFound(database.pool, chain)).toEqual(["due_overdue"]);
    await tamper(database.pool, capacity);
    expect(await kindsFound(database.pool, chain)).toEqual([]);
  });

  test("a chain that is not the one that was followed is said first, and not compared log by log", async () => {
    await using database = await freshDatabase();
    const { blocks, chain } = await settledWorld(database.pool);
    const other = blocks.map((block) => ({
      ...block,
      header: { ...block.header, hash: `${block.header.hash}00` },
    }));
    expect(
      await kindsFound(database.pool, {
        ...sourceOf(other, () => ({ paid: false, floor: 0 })),
        slots: (refs, block) => chain.slots(refs, block),
      }),
    ).toEqual(["cursor_differs"]);
  });
});
