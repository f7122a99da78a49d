import { pino } from "pino";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow } from "../src/database/pool.ts";
import { bindDeployment } from "../src/deployment.ts";
import { openRestore } from "../src/restore/open-restore.ts";
import { readRestore } from "../src/restore/read-restore.ts";
import { settleBlocks } from "../src/settlement/settle-blocks.ts";
import {
  createWorld,
  insertPlanned,
  insertSend,
  instance,
  itemsOf,
} from "./settlement/settle-world.ts";
import { freshDatabase } from "./support/database.ts";
import { rowsOf } from "./support/read-rows.ts";
import { addressOf } from "./support/seed.ts";
import { tamper } from "./support/tamper.ts";

const other = { chainId: instance.chainId, payOnce: addressOf("another PayOnce") };
const otherChain = { chainId: 5042, payOnce: instance.payOnce };

test("a database belongs to the chain and the instance of its first start, however often it is started", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await Promise.all([bindDeployment(pool, instance), bindDeployment(pool, instance)]);
  await bindDeployment(pool, instance);
  expect(await rowsOf(pool, "deployment")).toMatchObject([
    { chain_id: BigInt(instance.chainId), pay_once: instance.payOnce },
  ]);
});

test("an empty database that was put in the old one's place is bound as a restored one: what is older may have been paid", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const log = pino({ level: "silent" });
  const sign = { kind: "declared", actor: "operator:test", reason: "the disk was lost" } as const;
  await openRestore({ db: pool, log }, sign);
  await bindDeployment(pool, instance);
  const [{ restored_at: restoredAt } = {}] = await rowsOf(pool, "deployment");
  expect(restoredAt).toEqual((await readRestore(pool)).open?.detectedAt);
});

test.each([
  ["another instance", other],
  ["another chain", otherChain],
])(
  "%s is refused, before anything was paid, after, and whatever the payments of a restored backup say",
  async (_, wrong) => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const refused = { code: "DEPLOYMENT_MISMATCH", disposition: "reject" };
    await expect(bindDeployment(pool, wrong)).rejects.toMatchObject(refused);
    const payments = await insertPlanned(pool, ["a"]);
    await insertSend(pool, payments, { hashes: [chain.pay(itemsOf(payments))] });
    await settleBlocks(deps, [chain.mine()]);
    await expect(bindDeployment(pool, wrong)).rejects.toMatchObject(refused);
    await tamper(pool, sql.type(anyRow)`DELETE FROM payments`);
    await expect(bindDeployment(pool, wrong)).rejects.toMatchObject(refused);
    await bindDeployment(pool, instance);
  },
);
