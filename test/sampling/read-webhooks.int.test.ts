import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { readWebhooks } from "../../src/sampling/read-webhooks.ts";
import { changeEndpoint } from "../../src/webhooks/change-endpoint.ts";
import { freshDatabase } from "../support/database.ts";
import { holdClock } from "../support/hold-clock.ts";
import { insertPlatform } from "../support/seed.ts";
import { openEndpoint, owe } from "../webhooks/webhook-world.ts";

const URL = "http://127.0.0.1:3000/hook";

test("endpoints are counted by how they fare, and the oldest due age is that of receivers that answer", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  expect(await readWebhooks(pool)).toEqual({
    receiving: 0,
    failing: 0,
    disabled: 0,
    oldestDueAge: 0,
  });
  await insertPlatform(pool, { id: "acme" });
  const failing = await openEndpoint(pool, URL);
  const disabled = await openEndpoint(pool, URL);
  const well = await openEndpoint(pool, URL);
  await owe(pool, failing.id, 1);
  await owe(pool, disabled.id, 1);
  await pool.query(sql.type(anyRow)`
    UPDATE webhook_endpoints SET failing_since = payment_now() WHERE id = ${failing.id}`);
  await changeEndpoint(pool, disabled.id, { enabled: false }, { actor: "test" });
  await holdClock(pool, 600_000);
  expect(await readWebhooks(pool)).toEqual({
    receiving: 1,
    failing: 1,
    disabled: 1,
    oldestDueAge: 0,
  });
  await owe(pool, well.id, 1);
  await holdClock(pool, 660_000);
  const { oldestDueAge } = await readWebhooks(pool);
  expect(oldestDueAge).toBeGreaterThanOrEqual(60);
  expect(oldestDueAge).toBeLessThan(600);
});

test("an outcome that is not made into deliveries yet is due as well", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "acme" });
  await openEndpoint(pool, URL);
  await pool.query(sql.type(anyRow)`
    INSERT INTO webhook_messages (id, platform_id, type) VALUES (gen_random_uuid(), 'acme', 'payment.failed')`);
  await holdClock(pool, 90_000);
  expect((await readWebhooks(pool)).oldestDueAge).toBeGreaterThanOrEqual(90);
});
