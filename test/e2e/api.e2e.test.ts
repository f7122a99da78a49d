/** The HTTP API over real parts: what platforms, workers and operators do with it. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiUrlOf, clientWith, connectApi, type ApiClient } from "./api-client.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { gigpay, runProgram } from "./gigpay.ts";
import { startLine, type WholeLine } from "./whole-line.ts";

const EXAMPLE = fileURLToPath(new URL("../../src/client/example.ts", import.meta.url));

let line: WholeLine;
let url: string;
let platform: ApiClient;

beforeAll(async () => {
  line = await startLine({ rail: "arc", treasuries: 2 });
  url = await apiUrlOf(line.service);
  await line.openPlatform({ id: "acme", taskSource: "event" });
  await line.hire("aya");
  platform = await connectApi(line.world, url, {
    name: "acme",
    scopes: "payments:write,payments:read",
    platform: "acme",
  });
});

afterAll(() => line[Symbol.asyncDispose]());

function accessOf({ headers: { authorization = "" } }: ApiClient) {
  return { GIGPAY_URL: url, GIGPAY_API_KEY: authorization.replace("Bearer ", "") };
}

/** The id of the last event there is. */
async function nowIn({ headers }: ApiClient): Promise<string> {
  const ended = new AbortController();
  const { body } = await fetch(`${url}/v1/events`, { headers, signal: ended.signal });
  if (!body) throw new Error("no stream came");
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the stream ended");
      text += value;
      const [, id] = /^id: (\S+)$/m.exec(text) ?? [];
      if (id !== undefined) return id;
    }
  } finally {
    ended.abort();
  }
}

const runExample = (args: readonly string[]) => runProgram(EXAMPLE, accessOf(platform), args);

const task = (taskId: string) => ({
  platformId: "acme",
  taskId,
  workerId: "aya",
  amount: "50",
  currency: "USDC",
});

test("a payment that is asked for over HTTP is on chain and in Kafka when the answer comes", async () => {
  const { status, body } = await platform.call("POST", "/v1/payments", task("t1"), {
    prefer: "wait=10",
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    state: "completed",
    amount: "50.000000",
    netAmount: "48.750000",
    failure: null,
    txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  });
  const outcome = await line.downstream.outcomes.next("its event", ({ taskId }) => taskId === "t1");
  expect(outcome).toMatchObject({ kind: "completed", paymentId: body["id"] });
  const shown = await platform.call("GET", `/v1/payments/${String(body["id"])}`);
  expect(shown.body).toMatchObject({ ...body, attempts: [{ n: 1, outcome: "paid" }] });
});

test("50 equal requests at once are one payment and one event", async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      platform.call("POST", "/v1/payments", task("t50"), { prefer: "wait=10" }),
    ),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const replayed = answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true");
  expect(replayed).toHaveLength(49);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]?.body).toMatchObject({ state: "completed" });
  const paid = line.downstream.outcomes.items.filter(({ taskId }) => taskId === "t50");
  expect(paid.length).toBeLessThanOrEqual(1);
});

test("the client's example pays, and lists what its worker was paid", async () => {
  const { code, stdout, stderr } = await runExample(["acme", "t-example", "aya", "50"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const paid = paymentIdOf("acme", "t-example");
  expect(stdout).toMatch(/^48\.750000 USDC paid in \d+ ms\n/);
  expect(stdout).toContain(`${paid}  completed\n`);
});

test("a worker's and a platform's wallets are shown as the chain has them", async () => {
  await platform.call("POST", "/v1/payments", task("t-shown"), { prefer: "wait=10" });
  const { body } = await platform.call("GET", "/v1/workers/aya/earnings");
  const { byCurrency } = body["stats"] as { byCurrency: { totalNet: string }[] };
  expect(body).toMatchObject({
    // Her wallet has had nothing but this service's payments.
    walletBalances: [
      { currency: "USDC", balance: byCurrency[0]?.totalNet },
      { currency: "EURC", balance: "0.000000" },
    ],
  });
  const shown = await platform.call("GET", "/v1/platforms/acme");
  expect(shown.body).toMatchObject({ fundsReason: null, missingSetup: expect.any(Array) });
  const [usdc] = shown.body["funds"] as { currency: string; balance: string; allowance: string }[];
  expect(usdc).toMatchObject({ currency: "USDC", blocked: false });
  expect(Number(usdc?.balance) > 0 && Number(usdc?.allowance) > 0).toBe(true);
});

test("the ledger is verified on demand, by a process of its own, while the service says how it stands", async () => {
  const operator = await connectApi(line.world, url, { name: "ada", scopes: "operate" });
  const look = ["reconcile", "--slots", "10", "--reason", "a look", "--yes", "--json"];
  const looking = gigpay(accessOf(operator), look);
  const status = await operator.call("GET", "/v1/status");
  expect(status.body).toMatchObject({ rail: "arc", readiness: { status: "ok" }, pauses: [] });
  expect(Number(status.body["followedBlock"])).toBeGreaterThan(0);
  const found = await looking;
  expect(found).toMatchObject({ code: 0 });
  expect(JSON.parse(found.stdout)).toMatchObject({
    status: "done",
    mismatchCount: 0,
    report: { mismatches: [] },
  });
});

test("gigpay pays and hears of it, with an address and a key", async () => {
  const scopes = "payments:write,payments:read";
  const ada = await connectApi(line.world, url, { name: "gigpay", scopes });
  const access = accessOf(ada);
  const before = await nowIn(ada);
  const order = ["--platform", "acme", "--task", "t-cli", "--worker", "aya", "--amount", "50"];
  const paid = await gigpay(access, ["pay", ...order, "--wait", "30", "--yes", "--json"]);
  expect(paid).toMatchObject({ code: 0, stderr: "" });
  const id = paymentIdOf("acme", "t-cli");
  expect(JSON.parse(paid.stdout)).toMatchObject({ id, state: "completed" });
  const tail = ["tail", "--after", before, "--payment", id, "--limit", "1", "--json"];
  const heard = await gigpay(access, tail);
  expect(heard).toMatchObject({ code: 0, stderr: expect.stringContaining("goes on from here") });
  expect(JSON.parse(heard.stdout)).toMatchObject({ type: "payment.completed", paymentId: id });
});

test("probes and documentation need no key", async () => {
  const nobody = clientWith(url, {});
  expect((await nobody.call("GET", "/livez")).body).toEqual({ status: "ok" });
  expect(await nobody.call("GET", "/readyz")).toMatchObject({
    status: 200,
    body: { status: "ok" },
  });
  expect((await nobody.call("GET", "/openapi.json")).body).toMatchObject({ openapi: "3.1.1" });
  expect((await nobody.call("GET", "/docs")).status).toBe(200);
  expect((await nobody.call("GET", "/v1/payments")).body).toMatchObject({
    code: "unauthenticated",
  });
});

test("gigpay lists keys without what opens anything, and revokes them", async () => {
  const { settings } = line.world;
  const create = ["keys", "create", "--name", "short", "--scopes", "operate"];
  const minted = await gigpay(settings, ["--json", ...create]);
  const { id, token } = JSON.parse(minted.stdout) as { id: string; token: string };
  const taken = await gigpay(settings, [
    "keys",
    "create",
    "--name",
    "short",
    "--scopes",
    "operate",
  ]);
  expect(taken).toMatchObject({ code: 5, stdout: "" });
  const list = await gigpay(settings, ["keys", "list", "--json"]);
  expect(list.stdout).toContain(id);
  expect(list.stdout).not.toContain(token.slice(21));
  const revoke = ["keys", "revoke", id, "--reason", "lost", "--yes"];
  expect(await gigpay(settings, revoke)).toMatchObject({ code: 0 });
  expect(await gigpay(settings, revoke)).toMatchObject({ code: 5 });
  const client = clientWith(url, { authorization: `Bearer ${token}` });
  expect((await client.call("GET", "/v1/payments")).body).toMatchObject({
    code: "unauthenticated",
  });
});
