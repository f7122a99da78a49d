import { afterAll, beforeAll, expect, test } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import { ALL_ROUTES } from "../../src/http/routes/all-routes.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { setState } from "../settlement/settle-world.ts";
import { taskCompleted } from "../support/acceptance.ts";
import { becomeLetter } from "../support/dead-letters.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;
type Thing = "payment" | "doubted" | "letter" | "endpoint" | "delivery";

/** What a key of another platform gets: as if it were not there, or an answer in which it does not stand. */
interface Row {
  readonly gets: 404 | "nothing of theirs";
  /** What the path's `{id}` is. */
  readonly of?: Thing | "platform" | "worker" | "task";
  readonly query?: string;
  readonly body?: object;
  /** What is in its owner's answer alone; the things' own words unless given. */
  readonly shows?: RegExp;
}

const reason = "a test";
const task = { platformId: "theirs", workerId: "amy", amount: "50", currency: "USDC" };
const paid = { ...task, taskId: "their-task" };
const kept = { ...task, status: "completed" };
const hook = {
  url: "http://127.0.0.1/theirs",
  eventTypes: ["payment.failed"],
  platformId: "theirs",
};
const NOTHING: Row = { gets: "nothing of theirs" };

const ROWS: Readonly<Record<string, Row>> = {
  createPayment: { gets: 404, body: { ...paid, taskId: "another" } },
  createBulk: {
    ...NOTHING,
    body: { items: [{ ...paid, taskId: "another" }] },
    shows: /"status":"(accepted|duplicate)"/,
  },
  listPayments: NOTHING,
  getPayment: { gets: 404, of: "payment" },
  getPlatform: { gets: 404, of: "platform" },
  rotatePlatformSecret: { gets: 404, of: "platform" },
  getWorker: { gets: 404, of: "worker" },
  putTasks: {
    ...NOTHING,
    body: { items: [{ id: "another", ...kept }] },
    shows: /"status":"(created|unchanged)"/,
  },
  putTask: { gets: 404, of: "task", body: kept },
  getTask: { gets: 404, of: "task", query: "?platformId=theirs" },
  listWorkerPayments: { ...NOTHING, of: "worker" },
  getWorkerStats: { ...NOTHING, of: "worker", shows: /"total":[1-9]/ },
  getWorkerEarnings: { ...NOTHING, of: "worker" },
  createWebhookEndpoint: { gets: 404, body: hook },
  listWebhookEndpoints: NOTHING,
  getWebhookEndpoint: { gets: 404, of: "endpoint" },
  changeWebhookEndpoint: { gets: 404, of: "endpoint", body: { enabled: true } },
  rotateWebhookSecret: { gets: 404, of: "endpoint" },
  testWebhookEndpoint: { gets: 404, of: "endpoint" },
  listWebhookDeliveries: NOTHING,
  redeliverWebhook: { gets: 404, of: "delivery" },
  retryPayment: { gets: 404, of: "payment", body: { expectedGeneration: 1, reason } },
  resolvePayment: {
    gets: 404,
    of: "doubted",
    body: { expectedGeneration: 2, reason, decision: "cancel" },
  },
  listReviews: NOTHING,
  listDeadLetters: NOTHING,
  getDeadLetter: { gets: 404, of: "letter" },
  replayDeadLetters: {
    ...NOTHING,
    body: { filter: {}, limit: 10, dryRun: true, reason },
    shows: /"deadLetterId"/,
  },
  replayDeadLetter: { gets: 404, of: "letter", body: { reason } },
  discardDeadLetter: { gets: 404, of: "letter", body: { reason } },
  pausePlatform: { gets: 404, of: "platform", body: { reason } },
  resumePlatform: { gets: 404, of: "platform", body: { reason } },
  listAudit: NOTHING,
  // Last, since its owner then has it no more.
  deleteWebhookEndpoint: { gets: 404, of: "endpoint" },
};

/** A stream has no end to be looked at: live-events.int.test.ts has it. */
const STREAMS = ["streamEvents"];

let api: DatabaseApi;
let theirs: Headers;
let ours: Headers;
const ids = new Map<string, string>([
  ["platform", "theirs"],
  ["worker", "amy"],
  ["task", "their-task"],
]);

beforeAll(async () => {
  const away = () => Promise.reject(new PaymentError("CHAIN_UNAVAILABLE", "retry", "no answer"));
  const purses = { reader: { read: away }, tokens: [], spender: null, isPayer: () => true };
  api = await apiOverDatabase({ deps: { purses } });
  const { pool } = api.database;
  await insertPlatform(pool, { id: "theirs", taskSource: "event" });
  await insertPlatform(pool, { id: "ours", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  theirs = await api.keyFor("their-key", SCOPES, "theirs");
  ours = await api.keyFor("our-key", SCOPES, "ours");
  await note("payment", "/v1/payments", { ...paid, currency: "DOGE" });
  await note("doubted", "/v1/payments", { ...paid, taskId: "doubted" });
  const doubt = { state: "review", intent: "pay", doubtReason: "pay_unconfirmed: sent." } as const;
  await setState(pool, ids.get("doubted") ?? "", doubt);
  await note("endpoint", "/v1/webhook-endpoints", hook);
  await note("delivery", `/v1/webhook-endpoints/${ids.get("endpoint")}/test`);
  const event = taskCompleted({ platformId: "theirs", taskId: "their-task", workerId: "amy" });
  ids.set("letter", await becomeLetter(api.acceptance, { ...event, idempotencyKey: "another" }));
});

afterAll(() => api[Symbol.asyncDispose]());

async function note(thing: Thing, url: string, payload?: object): Promise<void> {
  const response = await api.app.inject({
    method: "POST",
    url,
    headers: theirs,
    ...(payload && { payload }),
  });
  ids.set(thing, response.json<{ id: string }>().id);
}

async function ask(
  operationId: string,
  { of = "payment", query = "", body }: Row,
  headers: Headers,
) {
  const route = ALL_ROUTES.find(({ spec }) => spec.operationId === operationId);
  if (!route) throw new Error("there is no such operation");
  const { method, path } = route.spec;
  const url = path.replace("{id}", ids.get(of) ?? "") + query;
  return api.app.inject({ method, url, headers, ...(body && { payload: body }) });
}

/** What only their things have in them. */
const THEIRS = /their|doubted|50\.000000/;

test("every operation that takes a platform's key is tried", () => {
  const bound = ALL_ROUTES.filter(
    ({ spec: { access } }) => typeof access !== "string" && !access.allPlatforms,
  );
  expect(bound.map(({ spec }) => spec.operationId).sort()).toEqual(
    [...Object.keys(ROWS), ...STREAMS].sort(),
  );
});

const all = Object.entries(ROWS);

test.each(all)("%s: another platform's is not there", async (operationId, row) => {
  const { statusCode, body } = await ask(operationId, row, ours);
  if (row.gets === 404) {
    expect(JSON.parse(body)).toMatchObject({ code: "not_found", status: 404 });
  } else {
    expect(statusCode).toBeLessThan(300);
    expect(body).not.toMatch(row.shows ?? THEIRS);
  }
});

test.each(all)("%s: its own is", async (operationId, row) => {
  const { statusCode, body } = await ask(operationId, row, theirs);
  if (row.gets === 404) expect(statusCode).not.toBe(404);
  else expect(body).toMatch(row.shows ?? THEIRS);
  expect(statusCode).toBeLessThan(500);
});
