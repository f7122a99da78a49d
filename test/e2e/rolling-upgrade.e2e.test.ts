import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateService } from "../../sandbox/demo/service.ts";
import { readMigrations } from "../../src/database/migration-files.ts";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import { otherVersion, type OtherVersion } from "./other-version.ts";
import { rowsOf } from "../support/read-rows.ts";
import type { RunningService } from "./running-service.ts";

const RATE_PER_SECOND = 40;
const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let previous: OtherVersion;
let oldOne: RunningService;
/** Of the service whose last migration this version's is not yet. */
let previousLevel: number;

beforeAll(async () => {
  const levels = (await readMigrations()).map(({ level }) => level);
  previousLevel = levels.at(-2) ?? 0;
  previous = running.use(await otherVersion({ without: 1 }));
  audited = await createAuditedWorld({ rail: "arc", treasuries: 2 }, async (world) => {
    oldOne = world.run("old", previous.program);
    await oldOne.ready;
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

test("a version and the one before it pay side by side while the schema is expanded under them, and the old one is replaced", async () => {
  const { world, traffic, untilEnded, settleAccounts } = audited;
  await using next = await otherVersion({
    adding: {
      "9000-expand.sql": `-- oldest service level: ${previousLevel}
        ALTER TABLE payments ADD COLUMN expanded integer NOT NULL DEFAULT 7;
        ALTER TABLE transactions ADD COLUMN expanded text;
        CREATE TABLE expansions (payment_id uuid PRIMARY KEY);
        CREATE INDEX payments_expanded ON payments (expanded, accepted_at);`,
    },
  });
  const first = traffic.publish(160, RATE_PER_SECOND);
  await untilEnded(20);
  await migrateService(world.settings, next.program);
  // This version's level lies between the two: it knows one migration more than the old one, and one less than the schema has.
  const current = world.run("current");
  const newest = world.run("newest", next.program);
  await Promise.all([current.ready, newest.ready, first]);
  await untilEnded(160);
  const second = traffic.publish(120, RATE_PER_SECOND);
  await untilEnded(200);
  expect(await oldOne.stop()).toEqual({ code: 0 });
  await current.kill();
  await second;
  expect(await settleAccounts()).toMatchObject(allCompleted(280));
  const rows = await rowsOf(world.pool, "payments");
  expect(rows.every(({ expanded }) => expanded === 7)).toBe(true);
});

test("a version that the schema declares too old does not start, says which migration it is, and exits 3", async () => {
  const { world } = audited;
  await using next = await otherVersion({
    adding: {
      "9000-expand.sql": "",
      "9001-contract.sql": "ALTER TABLE payments DROP COLUMN expanded;",
    },
  });
  await migrateService(world.settings, next.program);
  const tooOld = world.run("too old", previous.program);
  await expect(tooOld.ready).rejects.toThrow(/exit(ed)?.* 3[^]*9001-contract\.sql/);
});
