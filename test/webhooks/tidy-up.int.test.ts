import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { changeEndpoint } from "../../src/webhooks/change-endpoint.ts";
import { deleteEndpoint } from "../../src/webhooks/delete-endpoint.ts";
import { tidyUp } from "../../src/webhooks/tidy-up.ts";
import { shownOf } from "../metrics/read-metric.ts";
import { freshDatabase } from "../support/database.ts";
import { holdClock } from "../support/hold-clock.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { insertPlatform } from "../support/seed.ts";
import { log, openEndpoint, owe, readDeliveries } from "./webhook-world.ts";

const WEEK_MS = 7 * 86_400_000;
const URL = "http://127.0.0.1:3000/hook";
const actor = { actor: "test" };

async function finish(pool: Database, endpointId: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    UPDATE webhook_deliveries SET status = 'delivered', next_attempt_at = NULL WHERE endpoint_id = ${endpointId}`);
}

test("what is a week old and needs no try is forgotten, and a deleted endpoint with it", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const metrics = createMetrics({ sloMs: 3_000 });
  await insertPlatform(pool, { id: "acme" });
  const [told, waiting, disabled, deleted] = await Promise.all(
    [1, 2, 3, 4].map(() => openEndpoint(pool, URL)),
  );
  if (!told || !waiting || !disabled || !deleted) throw new Error("not four");
  for (const { id } of [told, waiting, disabled, deleted]) await owe(pool, id, 2);
  await finish(pool, told.id);
  await changeEndpoint(pool, disabled.id, { enabled: false }, actor);
  await deleteEndpoint(pool, deleted.id, actor);
  // It is not known yet whom it is for.
  await pool.query(sql.type(anyRow)`
    INSERT INTO webhook_messages (id, platform_id, type) VALUES (gen_random_uuid(), 'acme', 'payment.failed')`);

  await holdClock(pool, WEEK_MS - 60_000);
  await tidyUp({ pool, log, metrics });
  expect(await countOf(pool, "webhook_deliveries")).toBe(8);
  await holdClock(pool, WEEK_MS + 60_000);
  await tidyUp({ pool, log, metrics });
  const left = await readDeliveries(pool);
  expect(left.map(({ endpointId }) => endpointId)).toEqual([waiting.id, waiting.id]);
  expect(await countOf(pool, "webhook_messages")).toBe(3);
  const endpoints = await rowsOf(pool, "webhook_endpoints");
  expect(new Set(endpoints.map(({ id }) => id))).toEqual(
    new Set([told.id, waiting.id, disabled.id]),
  );
});

test("an endpoint that fails and for which too much waits is disabled, and said to be", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const metrics = createMetrics({ sloMs: 3_000 });
  await insertPlatform(pool, { id: "acme" });
  const endpoint = await openEndpoint(pool, URL);
  await owe(pool, endpoint.id, 5);
  const tidy = () => tidyUp({ pool, log, metrics }, { pendingMax: 5 });
  const reason = async () => (await rowsOf(pool, "webhook_endpoints"))[0]?.["disabled_reason"];
  await tidy();
  expect(await reason(), "one that answers may be behind").toBeNull();
  await pool.query(sql.type(anyRow)`UPDATE webhook_endpoints SET failing_since = payment_now()`);
  await tidy();
  await tidy();
  expect(await reason()).toBe("backlog");
  const series = 'payments_webhook_endpoints_disabled_total{reason="backlog"}';
  expect(await shownOf(metrics, series)).toBe(1);
});
