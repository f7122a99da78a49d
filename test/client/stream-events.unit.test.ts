import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ApiProblem, NoAnswer } from "../../src/client/problem.ts";
import { streamEvents, type Streaming } from "../../src/client/stream-events.ts";
import { hangUp, problem, scriptedServer, type Reply } from "./scripted-server.ts";

const HOUR_MS = 3_600_000;

function streaming(url: string, change: Partial<Streaming> = {}): Streaming {
  return {
    fetch,
    url: `${url}/v1/events`,
    headers: { authorization: "Bearer gsp_test" },
    lastEventId: undefined,
    signal: undefined,
    silenceMaxMs: HOUR_MS,
    firstDelayMs: 1,
    failuresMax: 3,
    ...change,
  };
}

function say(response: ServerResponse, ...blocks: readonly string[]): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
  for (const block of blocks) response.write(`${block}\n\n`);
}

/** These blocks, and the end of the connection. */
const stream =
  (...blocks: readonly string[]): Reply =>
  (response) => {
    say(response, "retry: 1", ...blocks);
    response.end();
  };

const outcome = (number: number) =>
  `id: e-${number}\nevent: payment.completed\ndata: {"n":${number}}`;

async function take(count: number, from: Streaming) {
  const taken = [];
  for await (const event of streamEvents(from)) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

test("events come as they are; hints have no id, and what is no event is not shown", async () => {
  const hint = 'event: payment.sent\ndata: {"n":2}';
  await using server = await scriptedServer(stream(": beat", "id: e-0", outcome(1), hint));
  expect(await take(2, streaming(server.url))).toEqual([
    { id: "e-1", type: "payment.completed", data: '{"n":1}' },
    { id: null, type: "payment.sent", data: '{"n":2}' },
  ]);
  expect(server.received[0]?.headers).toMatchObject({
    authorization: "Bearer gsp_test",
    accept: "text/event-stream",
  });
  expect(server.received[0]?.headers).not.toHaveProperty("last-event-id");
});

test("a connection that breaks is made again after the last id, also one that came without an event", async () => {
  const broken: Reply = (response) => {
    say(response, "retry: 1", outcome(1), "id: e-7");
    setImmediate(() => response.destroy());
  };
  await using server = await scriptedServer(broken, hangUp, stream(outcome(8)), stream(outcome(9)));
  const taken = await take(3, streaming(server.url, { lastEventId: "e-0" }));
  expect(taken.map(({ id }) => id)).toEqual(["e-1", "e-8", "e-9"]);
  expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual([
    "e-0",
    "e-7",
    "e-7",
    "e-8",
  ]);
});

test("being dropped is no event: it is connected again, and refused where the key was the reason", async () => {
  const dropped = 'event: dropped\ndata: {"reason":"key"}';
  await using server = await scriptedServer(
    stream(outcome(1), dropped),
    problem(401, "unauthenticated"),
  );
  const taken = take(2, streaming(server.url));
  await expect(taken).rejects.toThrow(ApiProblem);
  expect(server.received).toHaveLength(2);
});

test("a history that is gone is said, not passed over", async () => {
  await using server = await scriptedServer(problem(410, "event_history_expired"));
  const taken = take(1, streaming(server.url, { lastEventId: "e-1" }));
  await expect(taken).rejects.toMatchObject({ code: "event_history_expired", status: 410 });
});

test("a silent connection is a dead one", async () => {
  const silent: Reply = (response) => say(response, "retry: 1", "id: e-3");
  await using server = await scriptedServer(silent, stream(outcome(4)));
  const taken = await take(1, streaming(server.url, { silenceMaxMs: 1_500 }));
  expect(taken).toMatchObject([{ id: "e-4" }]);
  expect(server.received[1]?.headers["last-event-id"]).toBe("e-3");
});

test("vain connections in a row are bounded", async () => {
  await using server = await scriptedServer(problem(503, "overloaded"));
  await expect(take(1, streaming(server.url))).rejects.toThrow(NoAnswer);
  expect(server.received).toHaveLength(4);
});

test("a signal ends it, whatever it waits for", async () => {
  const ended = new AbortController();
  await using server = await scriptedServer((response) => {
    say(response, outcome(1));
    ended.abort(new Error("enough"));
  });
  const taken = take(9, streaming(server.url, { signal: ended.signal }));
  await expect(taken).rejects.toThrow("enough");
});
