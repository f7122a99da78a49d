import { expect, test } from "vitest";
import { pino } from "pino";
import { sql } from "slonik";
import { anyRow } from "../../src/database/pool.ts";
import { findNonceSigns } from "../../src/restore/find-signs.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { createWorld, insertPlanned, insertSend, instance } from "../settlement/settle-world.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf } from "../support/seed.ts";
import { confirmRestore } from "./confirm-restore.ts";

const operator = addressOf("operator");

test("a nonce that was used and never given out is a sign, once: what an operator has looked at is none again", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  let used = 3n;
  const sources = {
    pool,
    chainId: instance.chainId,
    operators: [operator],
    usedNonces: async () => used,
  };
  expect(await findNonceSigns(sources), "a wallet that never sent for us").toEqual([]);

  await createWorld(pool);
  const payments = await insertPlanned(pool, ["task-1"]);
  const sendId = await insertSend(pool, payments);
  await pool.query(sql.type(anyRow)`UPDATE transactions SET nonce = 2 WHERE id = ${sendId}`);
  expect(await findNonceSigns(sources), "all three are accounted for").toEqual([]);

  used = 5n;
  const [sign] = await findNonceSigns(sources);
  expect(sign).toEqual({ kind: "nonces", operator, stored: "3", chain: "5" });
  if (sign) await openRestore({ db: pool, log: pino({ level: "silent" }) }, sign);
  await confirmRestore(pool);
  expect(await findNonceSigns(sources)).toEqual([]);
  used = 6n;
  expect(await findNonceSigns(sources), "one more is another matter").toHaveLength(1);
});
