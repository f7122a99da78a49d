import { pino } from "pino";
import { sql } from "slonik";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { PaymentError } from "../../src/errors.ts";
import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from "../../src/http/problems.ts";
import { problem } from "../../src/http/schemas/problem.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { setState } from "../settlement/settle-world.ts";
import { becomeLetter, replayOver } from "../support/dead-letters.ts";
import { addressOf, insertDeployment } from "../support/seed.ts";
import { tamper } from "../support/tamper.ts";
import { PUBLIC_URL } from "./api-fixture.ts";
import { exchange, openPort } from "./hostile/raw-server.ts";
import { problemWorld, type ProblemWorld } from "./problem-world.ts";

const TASK = { platformId: "acme", workerId: "amy", amount: "50", currency: "USDC" };
const HOOK = { url: "http://127.0.0.1/hook", eventTypes: ["payment.failed"], platformId: "acme" };
const TX = `0x${"7".repeat(64)}`;
const reason = "a test";

let world: ProblemWorld;

beforeAll(async () => {
  world = await problemWorld();
});

afterAll(() => world[Symbol.asyncDispose]());

const pay = (change: object, headers = {}, { ask } = world) =>
  ask("POST", "/v1/payments", { ...TASK, ...change }, headers);

/** The path of a payment that is planned, or that has failed for its currency. */
async function paid(taskId: string, currency: "USDC" | "DOGE", { ask } = world) {
  const response = await ask("POST", "/v1/payments", { ...TASK, taskId, currency });
  const { id } = (await response.json()) as { id: string };
  return { id, path: `/v1/payments/${id}` };
}

async function idOf(response: Promise<Response>): Promise<string> {
  return ((await (await response).json()) as { id: string }).id;
}

const retry = async (payment: Promise<{ path: string }>, expectedGeneration = 1, { ask } = world) =>
  ask("POST", `${(await payment).path}/retry`, { expectedGeneration, reason });
const resolve = async (payment: Promise<{ path: string }>, decision: object) =>
  world.ask("POST", `${(await payment).path}/resolve`, {
    expectedGeneration: 1,
    reason,
    ...decision,
  });

/** One in doubt. */
async function doubted(taskId: string) {
  const payment = await paid(taskId, "USDC");
  const doubtReason = "pay_unconfirmed: it was sent.";
  await setState(world.pool, payment.id, { state: "review", intent: "pay", doubtReason });
  return payment;
}

/** What a platform signs, `minutes` ago. */
async function signed(minutes: number, change: (signature: string) => string): Promise<Response> {
  const platform = { name: "S", walletAddress: addressOf("s"), taskSource: "event" };
  const id = `signed-${minutes}`;
  const made = await world.ask("PUT", `/v1/platforms/${id}`, platform);
  const { webhookSecret } = (await made.json()) as { webhookSecret: string };
  const task = { ...TASK, platformId: id, taskId: "t" };
  const at = new Date(Date.now() - minutes * 60_000);
  const signature = new Webhook(webhookSecret).sign("e1", at, JSON.stringify(task));
  return world.ask("POST", "/v1/webhooks/task-completed", task, {
    "webhook-id": "e1",
    "webhook-timestamp": `${Math.floor(at.getTime() / 1_000)}`,
    "webhook-signature": change(signature),
  });
}

/** What is answered on a connection of its own. */
async function raw(bytes: string): Promise<Response> {
  const { port, listening } = await openPort({ headersMs: 200, checkEveryMs: 50 });
  const [answer] = await exchange(port, bytes);
  await listening.close(0);
  return new Response(answer?.body, answer);
}

const PROVOKED: Readonly<Record<ProblemCode, () => Promise<Response>>> = {
  invalid_request: () => pay({}),
  unauthenticated: () =>
    world.ask("GET", "/v1/payments", undefined, { authorization: "Bearer gsp_no" }),
  signature_invalid: () => signed(0, () => `v1,${"A".repeat(43)}=`),
  timestamp_out_of_tolerance: () => signed(6, (signature) => signature),
  insufficient_scope: async () =>
    world.ask("GET", "/v1/audit", undefined, await world.api.keyFor("blind", ["payments:read"])),
  not_found: () => world.ask("GET", "/v1/workers/nobody"),
  method_not_allowed: () => world.ask("DELETE", "/v1/payments"),
  request_timeout: () => raw("GET /livez"),
  async event_id_conflict() {
    await pay({ taskId: "e1", eventId: "e" });
    return pay({ taskId: "e2", eventId: "e" });
  },
  async idempotency_key_conflict() {
    await pay({ taskId: "i1" });
    return pay({ taskId: "i1", amount: "51" });
  },
  async task_has_payment() {
    await pay({ taskId: "h1" });
    return pay({ taskId: "h1" }, { "idempotency-key": "another" });
  },
  generation_mismatch: () => retry(paid("g1", "DOGE"), 2),
  payment_not_failed: () => retry(paid("f1", "USDC")),
  payment_not_in_review: () => resolve(paid("r1", "DOGE"), { decision: "cancel" }),
  would_fail_again: () => retry(paid("w1", "DOGE")),
  async task_already_paid() {
    const payment = paid("a1", "DOGE");
    await world.pool.query(sql.type(anyRow)`
      INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
        generation)
      VALUES (5042002, ${addressOf("PayOnce")}, 7, '0xb', '0xt', 1, 'paid', '0xr', ${(await payment).id}::uuid, 1)`);
    return retry(payment);
  },
  async before_restore() {
    const transfers = { method: "transfer", payers: { has: () => true } } as const;
    await using restored = await problemWorld((pool) => ({ replay: replayOver(pool, transfers) }));
    const payment = await paid("b1", "DOGE", restored);
    await insertDeployment(restored.pool, { restoredAt: new Date() });
    // Ended only then.
    return await retry(Promise.resolve(payment), 1, restored);
  },
  async transfer_has_no_void() {
    const { id, path } = await paid("v1", "USDC");
    await tamper(
      world.pool,
      sql.type(anyRow)`
        UPDATE payments SET method = 'transfer', rail = 'circle', pay_once = ${NO_CONTRACT} WHERE id = ${id}`,
    );
    return resolve(Promise.resolve({ path }), { decision: "cancel" });
  },
  async restore_unconfirmed() {
    await using restored = await problemWorld();
    const payment = await paid("u1", "DOGE", restored);
    const log = pino({ level: "silent" });
    await openRestore({ db: restored.pool, log }, { kind: "declared", actor: "a", reason });
    // Ended only then.
    return await retry(Promise.resolve(payment), 1, restored);
  },
  async dead_letter_closed() {
    const id = await becomeLetter(world.api.acceptance, "garbage");
    const discard = () => world.ask("POST", `/v1/dead-letters/${id}/discard`, { reason });
    await discard();
    return discard();
  },
  async reconciliation_running() {
    await world.ask("POST", "/v1/reconciliations", { reason });
    return world.ask("POST", "/v1/reconciliations", { reason });
  },
  event_history_expired: async () =>
    world.ask("GET", "/v1/events", undefined, {
      ...(await world.api.keyFor("listener", ["payments:read"])),
      "last-event-id": "00000000-1",
    }),
  evidence_rejected: () => resolve(doubted("d1"), { decision: "confirm_paid", txHash: TX }),
  webhook_url_forbidden: () =>
    world.ask("POST", "/v1/webhook-endpoints", { ...HOOK, url: "http://10.0.0.1/" }),
  async webhook_endpoint_limit() {
    const open = () => world.ask("POST", "/v1/webhook-endpoints", HOOK);
    await Promise.all(Array.from({ length: 16 }, open));
    return open();
  },
  async webhook_endpoint_disabled() {
    const platform = { name: "W", walletAddress: addressOf("w"), taskSource: "event" };
    await world.ask("PUT", "/v1/platforms/hooked", platform);
    const hook = { ...HOOK, platformId: "hooked" };
    const path = `/v1/webhook-endpoints/${await idOf(world.ask("POST", "/v1/webhook-endpoints", hook))}`;
    await world.ask("PATCH", path, { enabled: false });
    return world.ask("POST", `${path}/test`);
  },
  payload_too_large: () => pay({ taskId: "x".repeat(1_048_576) }),
  unsupported_media_type: () => pay({}, { "content-type": "text/plain" }),
  async rate_limited() {
    const server = await openPort();
    await server.serve({ limits: { perSecond: 0.001, burst: 1 } });
    const ask = () => fetch(`http://127.0.0.1:${server.port}/problems/internal`);
    await ask();
    const response = await ask();
    await server.listening.close(0);
    return response;
  },
  headers_too_large: () => raw(`GET /livez HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n\r\n`),
  internal() {
    world.failNextWith(new Error("a fault"));
    return pay({ taskId: "n1" });
  },
  overloaded: () => raw("GET /v1/payments HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
  chain_unavailable: () => resolve(doubted("c1"), { decision: "recheck" }),
  database_unavailable() {
    world.failNextWith(new PaymentError("DATABASE_UNAVAILABLE", "reconcile", "it is away"));
    return pay({ taskId: "n2" });
  },
};

test.each(PROBLEM_CODES)("%s is met over HTTP, as RFC 9457 has it", async (code) => {
  const response = await PROVOKED[code]();
  const text = await response.text();
  const { status, title, retryable } = PROBLEMS[code];
  expect(problem.parse(JSON.parse(text))).toMatchObject({
    type: `${PUBLIC_URL}/problems/${code}`,
    title,
    status,
    code,
    retryable,
    requestId: response.headers.get("x-request-id"),
  });
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  if (retryable) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
});
