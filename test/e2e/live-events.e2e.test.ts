/** Live events of real payments, over a kill of the service that served them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  listenToEvents,
  type EventListener,
  type HeardEvent,
} from "../support/listen-to-events.ts";
import { apiUrlOf, connectApi, type ApiClient } from "./api-client.ts";
import { startLine, taskDone, type WholeLine } from "./whole-line.ts";

const OUTCOMES = "types=payment.completed,payment.failed";

const HINTS = ["payment.accepted", "payment.planned", "payment.sent"];

let line: WholeLine;
let url: string;
let client: ApiClient;

beforeAll(async () => {
  line = await startLine({ rail: "arc" });
  url = await apiUrlOf(line.service);
  await line.openPlatform({ id: "acme", taskSource: "event" });
  await line.hire("amy");
  client = await connectApi(line.world, url, { name: "reader", scopes: "payments:read" });
});

afterAll(() => line[Symbol.asyncDispose]());

const done = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    taskDone({ platformId: "acme", workerId: "amy", taskId: `${name}-${n}` }),
  );
const isOutcome = ({ type }: HeardEvent) =>
  type === "payment.completed" || type === "payment.failed";
const outcomesOf = ({ events }: EventListener) => events.items.filter(isOutcome);
const listen = (place: string, query: string, lastEventId?: string) =>
  listenToEvents(`${place}/v1/events?${query}`, {
    ...client.headers,
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
  });

test("whoever comes back with the last id after a kill -9 has heard of each payment exactly once", async () => {
  await using before = await listen(url, "");
  const first = done("first", 20);
  await line.platforms.publish(...first);
  await before.events.until("some outcomes", (all) => all.filter(isOutcome).length >= 5);
  // A payment may be over before each step of it was looked at.
  const isHint = ({ type }: HeardEvent) => HINTS.includes(type);
  expect(before.events.items.some(isHint)).toBe(true);
  const second = [
    ...done("second", 20),
    { ...taskDone({ platformId: "acme", workerId: "nobody", taskId: "x" }), currency: "DOGE" },
  ];
  await line.platforms.publish(...second);
  await line.service.kill();
  await before.ended;
  const heard = outcomesOf(before);

  const again = line.world.run("again");
  await again.ready;
  await using after = await listen(await apiUrlOf(again), OUTCOMES, heard.at(-1)?.id ?? "");
  const isAll = () => heard.length + outcomesOf(after).length >= 41;
  await after.events.until("the rest", isAll);
  const all = [...heard, ...outcomesOf(after)];
  const tasks = all.map(({ data }) => String(data["taskId"]));
  expect(tasks.toSorted()).toEqual([...first, ...second].map(({ taskId }) => taskId).toSorted());
  expect(new Set(all.map(({ id }) => id)).size, "each has an id of its own").toBe(41);
  const numbers = all.map(({ id }) => Number(id?.split("-")[1]));
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  expect(all.find(({ data }) => data["taskId"] === "x")).toMatchObject({
    type: "payment.failed",
    data: { failure: { code: "currency_unsupported" } },
  });
  // The same events as Kafka's, by their own ids.
  const outcomes = line.downstream.outcomes;
  await outcomes.until(
    "all of them",
    (items) => new Set(items.map(({ eventId }) => eventId)).size === 41,
  );
  expect(new Set(all.map(({ data }) => data["eventId"]))).toEqual(
    new Set(outcomes.items.map(({ eventId }) => eventId)),
  );
  expect(all.find(({ type }) => type === "payment.completed")?.data).toMatchObject({
    netAmount: "48.750000",
    txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    latencyMs: expect.any(Number),
  });
});
