import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { freshDatabase } from "../support/database.ts";
import { createWorld, insertPlanned, insertSend, itemsOf, readPayment } from "./settle-world.ts";

/** What cannot be announced or booked must not be tried in the commit that moves the cursor: it would stop for ever. */
test.each([
  ["in a currency that has no token", sql.fragment`currency = 'DAI'`],
  ["of more than the payment's gross amount", sql.fragment`amount = 30, net_amount = 30, fee = 0`],
])("a Paid %s, under the very terms that were sent, goes to review", async (_, change) => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { chain, deps, alarms } = await createWorld(pool);
  const [payment] = await insertPlanned(pool, ["t1"]);
  await insertSend(pool, [payment]);
  await pool.query(sql.type(anyRow)`UPDATE payments SET ${change} WHERE id = ${payment.id}`);
  chain.pay(itemsOf([payment]));
  expect(await settleBlocks(deps, [chain.mine()])).toMatchObject({ kind: "settled", reviewed: 1 });
  expect(await readPayment(pool, payment.id)).toMatchObject({
    state: "review",
    intent: null,
    doubtReason: "paid_contradicts_terms",
  });
  expect(alarms).toMatchObject([{ kind: "paid_contradicts_terms", paymentId: payment.id }]);
});
