import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { apiOverDatabase } from "./database-api.ts";

const BULK = 500;

test("with 5,000 payments waiting the next is told to come again before anything of it is accepted", async () => {
  const began = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await using api = await apiOverDatabase({
    accept: (real) => async (input) => {
      began.resolve();
      await goOn.promise;
      return real(input);
    },
  });
  const { pool } = api.database;
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  const headers = await api.keyFor("all", ["payments:write", "payments:read"]);
  const send = async (bulk: number) => {
    const task = { platformId: "acme", workerId: "amy", amount: "50", currency: "USDC" };
    const items = Array.from({ length: BULK }, (_, n) => ({ ...task, taskId: `${bulk}-${n}` }));
    const url = "/v1/payments/bulk";
    const response = await api.app.inject({ method: "POST", url, headers, payload: { items } });
    return { bulk, response };
  };
  const stored = (bulk: number) =>
    pool.oneFirst(sql.type(z.object({ count: z.bigint() }))`
      SELECT count(*) FROM payments WHERE starts_with(task_id, ${`${bulk}-`})`);

  const first = send(0);
  await began.promise;
  const rest = Array.from({ length: 11 }, (_, n) => send(n + 1));
  const refused = await Promise.race(rest);
  expect(refused.response.json()).toMatchObject({
    code: "overloaded",
    status: 503,
    retryable: true,
  });
  expect(refused.response.headers["retry-after"]).toBe("1");
  expect((await api.app.inject({ url: "/v1/payments", headers })).statusCode).toBe(200);

  goOn.resolve();
  const answers = await Promise.all([first, ...rest]);
  const accepted = answers.filter(({ bulk }) => bulk !== refused.bulk);
  expect(accepted.map(({ response }) => response.statusCode)).toEqual(Array(11).fill(202));
  expect(await stored(refused.bulk)).toBe(0n);
  const { response: again } = await send(refused.bulk);
  expect(again.json()).toMatchObject({ accepted: BULK, duplicates: 0, rejected: 0 });
});
