import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { readOpenSends } from "../../src/follow/open-sends.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf } from "../support/seed.ts";

const instance = { chainId: 5042002, payOnce: addressOf("PayOnce") };

test("open sends are those of this instance that have a nonce and may still be mined, lowest nonce first", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const insert = async (nonce: number | null, state: string, payOnce = instance.payOnce) =>
    pool.query(sql.type(anyRow)`
      INSERT INTO transactions (id, rail, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit, state,
        closed_at, nonce, raw, hashes, wallet_id, idempotency_key)
      VALUES (gen_random_uuid(), ${nonce === null ? "circle" : "arc"}, ${instance.chainId}, ${payOnce},
        ${addressOf("operator")}, 'pay', 1, '0x00', 1, ${state},
        CASE WHEN ${state} <> 'open' THEN payment_now() END, ${nonce}, '0x00', ARRAY['0xa', '0xb'],
        'wallet', gen_random_uuid())`);
  await insert(7, "open");
  await insert(5, "open");
  await insert(4, "mined");
  await insert(null, "open");
  await insert(3, "open", addressOf("another instance"));

  const sends = await readOpenSends(pool, instance);

  expect(sends.map(({ nonce, operator, hashes }) => [nonce, operator, hashes])).toEqual([
    [5n, addressOf("operator"), ["0xa", "0xb"]],
    [7n, addressOf("operator"), ["0xa", "0xb"]],
  ]);
});
