import { Client } from "pg";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import type { FundsReader } from "../../src/dispatch/rail.ts";
import { PaymentError } from "../../src/errors.ts";
import type { Purses } from "../../src/http/purses.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { tokens } from "../support/acceptance.ts";
import { decide } from "../support/decide.ts";
import { addressOf, insertPlatform, insertWorker } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;
type Json = Record<string, unknown>;

const deployment = {
  rail: "arc",
  method: "payonce",
  chainId: 5042002,
  payOnce: addressOf("PayOnce"),
  instanceId: "one",
  commit: "abc",
} as const;

let api: DatabaseApi;
let all: Headers;
let own: Headers;
/** What the chain would answer: a real one is asked on the whole line. */
let read: FundsReader["read"];

beforeAll(async () => {
  const purses: Purses = {
    reader: { read: (pairs, signal) => read(pairs, signal) },
    tokens: [
      { currency: "USDC", token: tokens.USDC },
      { currency: "EURC", token: tokens.EURC },
    ],
    spender: addressOf("PayOnce"),
    isPayer: () => true,
  };
  api = await apiOverDatabase({
    deps: { purses, deployment, readiness: async () => ({ status: "ok", checks: [] }) },
  });
  const { pool } = api.database;
  for (const id of ["acme", "other"]) await insertPlatform(pool, { id, taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  await insertWorker(pool, { id: "walletless", walletAddress: null });
  all = await api.keyFor("all", SCOPES);
  own = await api.keyFor("own", SCOPES, "acme");
});

afterAll(() => api[Symbol.asyncDispose]());

async function call(
  method: "GET" | "PUT" | "POST" | "DELETE",
  url: string,
  { payload, headers = all }: { payload?: object; headers?: Headers } = {},
) {
  const response = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, headers: response.headers, body: response.json<Json>() };
}

const rich: FundsReader["read"] = async (pairs) =>
  pairs.map((_, index) => ({
    balance: BigInt(index + 1) * 1_500_000n,
    allowance: index === 0 ? 7n : 0n,
    blocked: false,
  }));
const silent: FundsReader["read"] = () =>
  Promise.reject(new PaymentError("CHAIN_UNAVAILABLE", "retry", "eth_call: no answer"));
/** As a node that takes the request and says nothing. */
const hanging: FundsReader["read"] = (_, signal) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () =>
      reject(new PaymentError("CHAIN_UNAVAILABLE", "retry", "stopped")),
    );
  });

test("a platform shows what its wallet has and what is still to be set up", async () => {
  read = rich;
  expect((await call("GET", "/v1/platforms/acme", { headers: own })).body).toMatchObject({
    id: "acme",
    funds: [
      { currency: "USDC", balance: "1.500000", allowance: "0.000007", blocked: false },
      { currency: "EURC", balance: "3.000000", allowance: "0.000000", blocked: false },
    ],
    fundsReason: null,
    missingSetup: [
      { code: "allowance_missing", currency: "EURC", detail: expect.stringContaining(tokens.EURC) },
    ],
  });
  expect(await call("GET", "/v1/platforms/other", { headers: own })).toMatchObject({ status: 404 });
});

test.each([
  ["refuses", silent],
  ["hangs", hanging],
])(
  "a chain that %s costs a platform its figures alone, and no more than some seconds",
  async (_, reader) => {
    read = reader;
    expect((await call("GET", "/v1/platforms/acme")).body).toMatchObject({
      id: "acme",
      funds: null,
      fundsReason: "chain_unavailable",
      missingSetup: null,
    });
  },
);

test("earnings are sums, payments and what the wallet has", async () => {
  read = rich;
  const client = new Client({ connectionString: api.database.url });
  await client.connect();
  await decide(client, { taskId: "e1" }, { taskId: "e2" }, { taskId: "e3", platformId: "other" });
  await client.end();
  const earnings = await call("GET", "/v1/workers/amy/earnings", { headers: own });
  expect(earnings.body).toMatchObject({
    stats: { workerId: "amy", total: 2, failed: 2, successRate: 0 },
    payments: { nextCursor: null },
    walletBalances: [
      { currency: "USDC", balance: "1.500000" },
      { currency: "EURC", balance: "3.000000" },
    ],
    walletBalancesReason: null,
  });
  const shown = earnings.body["payments"] as { data: Json[] };
  expect(new Set(shown.data.map(({ taskId }) => taskId))).toEqual(new Set(["e1", "e2"]));
  expect((await call("GET", "/v1/workers/amy/earnings")).body).toMatchObject({
    stats: { total: 3 },
  });
  read = silent;
  expect((await call("GET", "/v1/workers/amy/earnings")).body).toMatchObject({
    stats: { total: 3 },
    walletBalances: null,
    walletBalancesReason: "chain_unavailable",
  });
});

test("a wallet that is not known, or not the key's to know, has no balance", async () => {
  read = rich;
  for (const [id, headers] of [
    ["walletless", all],
    ["nobody", all],
    ["walletless", own],
  ] as const) {
    expect((await call("GET", `/v1/workers/${id}/earnings`, { headers })).body).toMatchObject({
      stats: { total: 0, successRate: null },
      walletBalances: null,
      walletBalancesReason: "no_wallet",
    });
  }
});

test("the status says what is open, held, paused and waiting", async () => {
  await call("POST", "/v1/platforms/acme/pause", { payload: { reason: "a test" } });
  const { body } = await call("GET", "/v1/status");
  expect(body).toMatchObject({
    ...deployment,
    readiness: { status: "ok" },
    pauses: [{ scope: "acme", reason: "a test", actor: "key:all" }],
    isRestoreOpen: false,
    outbox: { pending: 0, refused: 0 },
    deadLetters: { open: 0 },
    followedBlock: null,
    verification: null,
  });
  expect((body["open"] as Json[]).map(({ state }) => state)).toEqual([
    "accepted",
    "planned",
    "voiding",
    "review",
  ]);
  expect((body["held"] as Json[]).map(({ reason }) => reason)).toEqual([
    "funds",
    "pause",
    "restore",
  ]);
  await call("POST", "/v1/platforms/acme/resume", { payload: { reason: "a test" } });
});

test("a worker and a task may be called bulk", async () => {
  const worker = { id: "bulk", walletAddress: addressOf("bulk") };
  await call("PUT", "/v1/workers/bulk", { payload: { items: [worker] } });
  expect((await call("GET", "/v1/workers/bulk")).body).toMatchObject(worker);
  const task = {
    id: "bulk",
    platformId: "acme",
    workerId: "bulk",
    amount: "5",
    currency: "USDC",
    status: "completed",
  };
  await call("PUT", "/v1/tasks/bulk", { payload: { items: [task] }, headers: own });
  expect((await call("GET", "/v1/tasks/bulk", { headers: own })).body).toMatchObject({
    id: "bulk",
    workerId: "bulk",
  });
  const gone = await call("DELETE", "/v1/tasks/bulk");
  expect(gone).toMatchObject({ status: 405, headers: { allow: "PUT, GET, HEAD" } });
  // A payment's id is none that anybody chooses.
  expect(await call("GET", "/v1/payments/bulk")).toMatchObject({ status: 405 });
});

test("payments of a transaction are found by an index, however many there are", async () => {
  const { pool } = api.database;
  await pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      occurred_at, received_at, tx_hash)
    SELECT gen_random_uuid(), 'acme', 'tx' || n, 'amy', 50, 'USDC', 'tx' || n, 'tx' || n, 'accepted',
      payment_now(), payment_now(), '0x' || lpad(to_hex(n / 50), 64, '0') FROM generate_series(1, 20000) n`);
  const client = new Client({ connectionString: api.database.url });
  await client.connect();
  await client.query("ANALYZE payments");
  const hash = `0x${"7".padStart(64, "0")}`;
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    `EXPLAIN SELECT p.id FROM payments p WHERE true AND p.tx_hash = '${hash}' ORDER BY p.accepted_at DESC, p.id DESC LIMIT 26`,
  );
  await client.end();
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("payments_by_tx");
  const found = await call("GET", `/v1/payments?txHash=${hash}&limit=100`);
  expect(found.body["data"]).toHaveLength(50);
});
