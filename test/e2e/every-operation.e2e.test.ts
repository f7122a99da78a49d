/** Every operation that the served document names, asked on real parts; the document is what says which there are. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReceiver } from "../webhooks/receiver.ts";
import { apiUrlOf, connectApi, type ApiClient } from "./api-client.ts";
import { becomeLetter } from "./garbage.ts";
import { PLAYS, type Known, type Play } from "./operations/plays.ts";
import { startLine } from "./whole-line.ts";

const SCOPES = "payments:write,payments:read,directory:write,webhooks:manage,operate";

interface Operation {
  readonly method: string;
  readonly path: string;
}

const running = new AsyncDisposableStack();
let operator: ApiClient;
let operations: ReadonlyMap<string, Operation>;
let known: Known;

beforeAll(async () => {
  const settings = { WEBHOOK_ALLOWED_CIDRS: "127.0.0.0/8" };
  const line = running.use(await startLine({ rail: "circle", settings }));
  const receiver = running.use(await startReceiver());
  operator = await connectApi(line.world, await apiUrlOf(line.service), {
    name: "operator",
    scopes: SCOPES,
  });
  operations = await operationsOf(operator);
  const letter = await becomeLetter(line.platforms, operator);
  const [treasury] = line.world.treasuries;
  known = { letter, receiver: receiver.url, treasury: treasury?.address ?? "" };
});

afterAll(() => running.disposeAsync());

/** By their ids, as the service itself says. */
async function operationsOf({ call }: ApiClient): Promise<ReadonlyMap<string, Operation>> {
  const { body } = await call("GET", "/openapi.json");
  const paths = body["paths"] as Record<string, Record<string, { operationId: string }>>;
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => [
        operationId,
        { method: method.toUpperCase(), path },
      ]),
    ),
  );
}

async function ask({ operationId, asked }: Play) {
  const { method, path } = operations.get(operationId) ?? { method: "GET", path: operationId };
  const { id = "", query, body, headers } = asked(known);
  const place = `${path.replace(/\{\w+\}/, id)}${query === undefined ? "" : `?${query}`}`;
  if (operationId !== "streamEvents") return operator.call(method, place, body, headers);
  // Its answer has no end: that it has begun is what is looked at.
  const heard = new AbortController();
  const { status } = await fetch(`${operator.url}${place}`, {
    headers: operator.headers,
    signal: heard.signal,
  });
  heard.abort();
  return { status, body: {} as Readonly<Record<string, unknown>>, text: "" };
}

test("every operation of the document is in the plays, and no other", () => {
  const played = new Set(PLAYS.map(({ operationId }) => operationId));
  expect([...played].sort()).toEqual([...operations.keys()].sort());
});

test.each(PLAYS)("$operationId is answered with $status", async (play) => {
  const { status, body, text } = await ask(play);
  expect({ status, text }).toMatchObject({ status: play.status });
  const kept = Object.entries(play.keeps).map(([name, member]) => [name, String(body[member])]);
  known = { ...known, ...Object.fromEntries(kept) };
});
