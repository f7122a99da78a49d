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

test("an open send says whether a transaction of its very bytes was followed already", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query(sql.type(anyRow)`
    INSERT INTO transactions (id, rail, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit, nonce, raw,
      hashes)
    SELECT gen_random_uuid(), 'arc', ${instance.chainId}, ${instance.payOnce}, ${addressOf("operator")}, 'pay', 1,
      '0x00', 1, nonce, '0x00', ARRAY['0xold' || nonce, '0xnew' || nonce]
    FROM generate_series(1, 2) AS nonce`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, generation)
    VALUES (${instance.chainId}, ${instance.payOnce}, 9, '0xb', '0xnew2', 0, 'voided', '0xref', 1)`);

  const sends = await readOpenSends(pool, instance);

  expect(sends.map(({ nonce, isFollowed }) => [nonce, isFollowed])).toEqual([
    [1n, false],
    [2n, true],
  ]);
});
