import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { PAYMENT_STATES, type PaymentState } from "../../src/payment/state.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { createWorld, insertPlanned, insertSend, itemsOf } from "../settlement/settle-world.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";

/** The table of docs/payment-states.md, said a second time. */
const WITHIN_A_GENERATION: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  accepted: ["planned", "voiding", "review", "completed", "failed"],
  planned: ["voiding", "review", "completed", "failed"],
  voiding: ["review", "completed", "failed"],
  review: ["completed", "failed"],
  completed: [],
  failed: ["review"],
};
const WITH_A_HIGHER_GENERATION: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  accepted: ["voiding", "review", "completed", "failed"],
  planned: ["voiding", "review", "completed", "failed"],
  voiding: ["voiding", "review", "completed", "failed"],
  review: ["review", "completed", "failed"],
  completed: [],
  failed: ["accepted", "planned", "voiding", "review", "completed", "failed"],
};

/** Everything that any state asks for, so that nothing but the transition can be objected to. */
function stateColumns(state: PaymentState) {
  const intent = state === "planned" ? "pay" : state === "voiding" ? "void" : null;
  const settled = state === "completed" || state === "failed";
  return sql.fragment`state = ${state}, intent = ${intent}, doubt_reason = 'doubt', doubt_since = payment_now(),
    settled_at = ${settled ? sql.fragment`payment_now()` : sql.fragment`NULL`},
    failure_code = 'f', failure_message = 'f', failure_retryable = true, tx_hash = '0x', block_number = 1, log_index = 1`;
}

async function putIn(pool: Database, id: string, state: PaymentState): Promise<void> {
  await tamper(
    pool,
    sql.type(anyRow)`UPDATE payments SET generation = 2, ${stateColumns(state)} WHERE id = ${id}`,
  );
}

async function refuses(pool: Database, id: string, to: PaymentState, generation: number) {
  try {
    await pool.query(sql.type(anyRow)`
      UPDATE payments SET generation = ${generation}, ${stateColumns(to)} WHERE id = ${id}`);
    return false;
  } catch (error) {
    expect(String(error)).toContain("may not go from");
    return true;
  }
}

test("a task has one payment, whatever id and key another one comes under", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await createWorld(pool);
  await insertPlanned(pool, ["task"]);
  const copy = pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      occurred_at, received_at)
    SELECT gen_random_uuid(), platform_id, task_id, worker_id, amount, currency, 'another-key', 'another-event', 'accepted',
      occurred_at, received_at
    FROM payments`);
  await expect(copy).rejects.toMatchObject({ constraint: "payments_platform_id_task_id_key" });
});

describe("the states of a payment", () => {
  test("go only where the table of docs/payment-states.md lets them, in this and in a higher generation", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["a"]);
    for (const from of PAYMENT_STATES) {
      for (const to of PAYMENT_STATES) {
        for (const generation of [1, 2, 3]) {
          await putIn(pool, payment.id, from);
          const stays = from === to && generation === 2;
          const may = generation === 2 ? WITHIN_A_GENERATION[from] : WITH_A_HIGHER_GENERATION[from];
          const isAllowed = stays || (generation !== 1 && may.includes(to));
          expect(
            await refuses(pool, payment.id, to, generation),
            `${from} 2 → ${to} ${generation}`,
          ).toBe(!isAllowed);
        }
      }
    }
  });

  test("what was paid, by which log and to whom is never rewritten, nor is whose payment it is", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["a"]);
    await putIn(pool, payment.id, "completed");
    for (const change of [
      sql.fragment`net_amount = 1, fee = 49`,
      sql.fragment`recipient = payer`,
      sql.fragment`tx_hash = '0x1'`,
      sql.fragment`task_id = 'another'`,
    ]) {
      await expect(pool.query(sql.type(anyRow)`UPDATE payments SET ${change}`)).rejects.toThrow(
        "may not be rewritten",
      );
    }
    // The stage clock of a send that was answered late is no evidence.
    await pool.query(sql.type(anyRow)`UPDATE payments SET submitted_at = payment_now()`);
  });
});

describe("the states of a send", () => {
  test("end once; only being mined is found out later", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await createWorld(pool);
    const states = ["open", "mined", "reverted", "dead", "abandoned"] as const;
    const [payment] = await insertPlanned(pool, ["a"]);
    const id = await insertSend(pool, [payment]);
    for (const from of states) {
      for (const to of states) {
        const at = (state: string) =>
          sql.type(anyRow)`UPDATE transactions SET state = ${state},
            closed_at = CASE WHEN ${state} <> 'open' THEN payment_now() END WHERE id = ${id}`;
        await tamper(pool, at(from));
        const isAllowed = from === to || from === "open" || to === "mined";
        const change = pool.query(at(to));
        if (isAllowed) await change;
        else await expect(change, `${from} → ${to}`).rejects.toThrow("may not go from");
      }
    }
  });
});

describe("history", () => {
  test("is written once: no row of it is changed, deleted or truncated", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const payments = await insertPlanned(pool, ["a"]);
    await insertSend(pool, payments, { hashes: [chain.pay(itemsOf(payments))] });
    await settleBlocks(deps, [chain.mine()]);
    for (const table of ["audit_log", "payment_outcomes", "reputation_events", "chain_events"]) {
      const name = sql.identifier([table]);
      const column = sql.identifier([table === "audit_log" ? "actor" : "payment_id"]);
      for (const statement of [
        sql.type(anyRow)`UPDATE ${name} SET ${column} = ${column}`,
        sql.type(anyRow)`DELETE FROM ${name}`,
        sql.type(anyRow)`TRUNCATE ${name}`,
      ]) {
        await expect(pool.query(statement), statement.sql).rejects.toThrow("append-only");
      }
    }
  });

  test("a payment, its event id and its sends are kept for ever", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["a"]);
    await insertSend(pool, [payment]);
    await pool.query(sql.type(anyRow)`
      INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict)
      VALUES ('acme', ${randomUUID()}, sha256('payload'), ${payment.id}, 'new')`);
    for (const table of ["payments", "inbox", "transactions"]) {
      const name = sql.identifier([table]);
      for (const statement of [
        sql.type(anyRow)`DELETE FROM ${name}`,
        sql.type(anyRow)`TRUNCATE ${name} CASCADE`,
      ]) {
        await expect(pool.query(statement), statement.sql).rejects.toThrow(
          /kept for ever|append-only/,
        );
      }
    }
  });
});
