import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { verifyNew } from "../../src/settlement/verify-new.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { tapPostgres } from "../support/tap-postgres.ts";
import { insertPlanned, insertSend, instance, itemsOf } from "./settle-world.ts";
import { settledWorld } from "./settled-world.ts";

const options = { lateAfterMs: 60_000 };

/** A ledger whose past was looked at once already, and then aged, so that only what comes now is new. */
async function watchedWorld(pool: Database) {
  const world = await settledWorld(pool);
  const deps = { pool, instance, chain: world.chain };
  const look = async (bounds: { rowsMax?: number; workMaxMs?: number } = {}) => {
    const found = await verifyNew(deps, { ...options, ...bounds });
    if (!found) throw new Error("nothing is followed");
    return {
      ...found,
      kinds: found.mismatches.map(({ kind }) => kind).sort(),
      lastingKinds: found.lasting.map(({ kind }) => kind).sort(),
      rowsOf: Object.fromEntries(found.checks.map(({ name, rows }) => [name, rows])),
    };
  };
  await look();
  await tamper(
    pool,
    sql.type(anyRow)`UPDATE payment_outcomes SET decided_at = decided_at - interval '1 day'`,
    sql.type(anyRow)`UPDATE inbox SET received_at = received_at - interval '1 day'`,
    sql.type(
      anyRow,
    )`UPDATE outbox SET created_at = created_at - interval '1 day', published_at = payment_now()`,
  );
  const payOneMore = async (taskId: string) => {
    const payments = await insertPlanned(pool, [taskId]);
    await insertSend(pool, payments, { hashes: [world.model.pay(itemsOf(payments))] });
    const block = world.model.mine();
    world.blocks.push(block);
    await settleBlocks(world.deps, [block]);
  };
  return { ...world, look, payOneMore };
}

/** As if what was found had been found an hour ago. */
async function letSuspectsAge(pool: Database): Promise<void> {
  await pool.query(sql.type(anyRow)`
    UPDATE verify_watermark SET suspects = (
      SELECT jsonb_agg(s || jsonb_build_object('sinceMs', (s->>'sinceMs')::int8 - 3600000))
      FROM jsonb_array_elements(suspects) s)`);
}

describe("verifying what is new", () => {
  test("looks at what came since the last look, at the chain's blocks, logs and slots as well, and at nothing else", async () => {
    await using database = await freshDatabase();
    const { look, payOneMore } = await watchedWorld(database.pool);
    expect((await look()).rowsOf).toMatchObject({ completed_without_paid: 0, chain: 0, slots: 0 });
    await payOneMore("more");
    const { mismatches, isCaughtUp, rowsOf } = await look();
    expect({ mismatches, isCaughtUp }).toEqual({ mismatches: [], isCaughtUp: true });
    expect(rowsOf).toMatchObject({
      completed_without_paid: 1,
      event_without_payment: 1,
      event_without_outcome: 1,
      chain: 1,
      slots: 1,
    });
  });

  test("finds new damage, names it as lasting once, and goes on finding it until it is mended", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { look, payOneMore } = await watchedWorld(pool);
    await payOneMore("more");
    const lost = sql.fragment`payment_id = (SELECT id FROM payments WHERE task_id = 'more')`;
    await tamper(
      pool,
      sql.type(anyRow)`CREATE TABLE kept AS SELECT * FROM reputation_events WHERE ${lost}`,
      sql.type(anyRow)`DELETE FROM reputation_events WHERE ${lost}`,
    );
    const found = { kinds: ["reputation_missing"], lastingKinds: [] };
    expect(await look()).toMatchObject({ ...found, hasDoubt: true });
    await tamper(
      pool,
      sql.type(anyRow)`UPDATE payment_outcomes SET decided_at = decided_at - interval '1 day'`,
    );
    expect(await look(), "it may still be on its way to be right").toMatchObject(found);
    await letSuspectsAge(pool);
    const lasting = { ...found, lastingKinds: ["reputation_missing"], hasDoubt: false };
    expect(await look()).toMatchObject(lasting);
    expect(await look()).toMatchObject({ ...found, hasDoubt: false });
    await tamper(pool, sql.type(anyRow)`INSERT INTO reputation_events SELECT * FROM kept`);
    expect((await look()).kinds).toEqual([]);
    expect((await look()).kinds).toEqual([]);
  });

  test("a log that the chain has and the ledger has not is found in its block, and looked for again", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { look, payOneMore } = await watchedWorld(pool);
    await payOneMore("more");
    await tamper(pool, sql.type(anyRow)`DELETE FROM chain_events WHERE block_number = 104`);
    const kinds = ["completed_without_paid", "log_not_stored"];
    expect((await look()).kinds).toEqual(kinds);
    await payOneMore("next");
    await letSuspectsAge(pool);
    expect(await look()).toMatchObject({ kinds, lastingKinds: kinds });
  });

  test("old damage is left to a full verification", async () => {
    await using database = await freshDatabase();
    const { look } = await watchedWorld(database.pool);
    await tamper(database.pool, sql.type(anyRow)`DELETE FROM reputation_events`);
    expect((await look()).kinds).toEqual([]);
  });

  test("a long time is caught up with in bounded looks, none of it left out", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { look, payOneMore } = await watchedWorld(pool);
    await payOneMore("forgotten");
    await tamper(
      pool,
      sql.type(
        anyRow,
      )`UPDATE payment_outcomes SET decided_at = payment_now() - interval '25 minutes'
        WHERE payment_id = (SELECT id FROM payments WHERE task_id = 'forgotten')`,
      sql.type(
        anyRow,
      )`UPDATE outbox SET created_at = payment_now() - interval '25 minutes', published_at = payment_now()
        WHERE payment_id = (SELECT id FROM payments WHERE task_id = 'forgotten')`,
      sql.type(anyRow)`DELETE FROM reputation_events
        WHERE payment_id = (SELECT id FROM payments WHERE task_id = 'forgotten')`,
      sql.type(
        anyRow,
      )`UPDATE verify_watermark SET checked_until = payment_now() - interval '30 minutes',
        block_number = 104`,
    );
    const looks = [];
    for (let count = 0; count < 4; count += 1) looks.push(await look({ workMaxMs: 0 }));
    expect(looks.map(({ isCaughtUp }) => isCaughtUp)).toEqual([false, false, false, true]);
    expect(looks.map(({ kinds }) => kinds)).toEqual(looks.map(() => ["reputation_missing"]));
  });

  test("more than one look may take is taken by the next ones, the oldest first, and none of it is left out", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { look, payOneMore } = await watchedWorld(pool);
    const tasks = ["one", "two", "three", "four"];
    for (const task of tasks) await payOneMore(task);
    const minutesAgo = sql.fragment`(payment_now() - interval '20 minutes' + (
      SELECT array_position(${sql.array(tasks, "text")}, p.task_id) FROM payments p WHERE p.id = payment_id) * interval '2 seconds')`;
    const ofTasks = sql.fragment`payment_id IN (SELECT id FROM payments WHERE task_id = ANY (${sql.array(tasks, "text")}))`;
    await tamper(
      pool,
      sql.type(anyRow)`UPDATE payment_outcomes SET decided_at = ${minutesAgo} WHERE ${ofTasks}`,
      sql.type(anyRow)`UPDATE inbox SET received_at = ${minutesAgo} WHERE ${ofTasks}`,
      sql.type(anyRow)`UPDATE chain_events SET followed_at = ${minutesAgo} WHERE ${ofTasks}`,
      sql.type(
        anyRow,
      )`UPDATE outbox SET created_at = ${minutesAgo}, published_at = payment_now() WHERE ${ofTasks}`,
      sql.type(
        anyRow,
      )`UPDATE verify_watermark SET checked_until = payment_now() - interval '20 minutes'`,
      sql.type(anyRow)`DELETE FROM reputation_events
        WHERE payment_id = (SELECT id FROM payments WHERE task_id = 'three')`,
      sql.type(anyRow)`DELETE FROM outbox
        WHERE payment_id = (SELECT id FROM payments WHERE task_id = 'four')`,
    );
    const seen: { rows: number | undefined; kinds: string[]; touched: number }[] = [];
    for (let looks = 0; looks < tasks.length; looks += 1) {
      using tap = tapPostgres();
      const { rowsOf, kinds, isCaughtUp } = await look({ rowsMax: 1, workMaxMs: 0 });
      expect(isCaughtUp).toBe(false);
      const touched = tap.statements.filter(({ text }) => text.includes("UNION SELECT payment_id"));
      seen.push({ rows: rowsOf["outcome_missing"], kinds, touched: touched.length });
    }
    expect(seen).toEqual([
      { rows: 1, kinds: [], touched: 1 },
      { rows: 1, kinds: [], touched: 1 },
      { rows: 1, kinds: ["reputation_missing"], touched: 1 },
      { rows: 2, kinds: ["event_missing", "reputation_missing"], touched: 1 },
    ]);
    // An event is found by its time alone: that window is looked at once more before verifying goes on.
    await letSuspectsAge(pool);
    const lastingKinds = ["event_missing", "reputation_missing"];
    expect(await look({ rowsMax: 1, workMaxMs: 0 })).toMatchObject({ lastingKinds });
    const last = await look({ workMaxMs: 60_000 });
    expect(last).toMatchObject({ kinds: ["reputation_missing"], isCaughtUp: true });
    expect(last.lagMs).toBe(60_000);
  });

  test("before anything is followed there is nothing to verify", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain } = await settledWorld(pool);
    await tamper(pool, sql.type(anyRow)`DELETE FROM chain_cursors`);
    expect(await verifyNew({ pool, instance, chain }, options)).toBeUndefined();
  });
});
