import { afterAll, beforeAll, expect, test } from "vitest";
import { circleControl, type CircleControl } from "../../sandbox/circle/control-client.ts";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import { troublesOf, type RunningService } from "./running-service.ts";
import { bringUp, takeDown } from "./sandbox-client.ts";

const RATE_PER_SECOND = 50;
/** What is published while a part is away, and again after it is back. */
const TASKS_EACH = 20;

/** Circle's process stays: it resets every connection instead. */
const PARTS = ["postgres", "kafka", "registry", "chain", "circle"] as const;
type Part = (typeof PARTS)[number];

const AWAY_AT_START = [
  "Kafka is away; trying until it is back.",
  "Postgres is away; trying until it is back.",
  "The chain or Circle is away; trying until it is back.",
  "The schema registry is away; trying until it is back.",
];

const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let service: RunningService;
let circle: CircleControl;

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "circle", treasuries: 2 }, async (world) => {
    circle = circleControl(world.parts.circle.controlUrl);
    await Promise.all(PARTS.map(takeAway));
    try {
      const early = world.run("stopped early");
      service = world.run("only");
      await Promise.all([early, service].map(untilAllMissed));
      await early.interrupt();
      await expect(early.ready, "a service that waits can be stopped").rejects.toThrow(/exit 0/);
    } finally {
      await Promise.all(PARTS.map(bringBack));
    }
    await service.ready;
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

test("a service that starts while every part is away says so once for each, and waits for them", () => {
  expectNothingRepeated(0);
  expect(troublesOf(service).map(({ msg }) => msg)).toEqual(expect.arrayContaining(AWAY_AT_START));
});

test.each<[Part, RegExp, RegExp]>([
  ["circle", /^send not taken yet$/, /^sends are taken again$/],
  ["chain", /^following waits/, /^following again$/],
  ["kafka", /^Kafka \(consuming\) is away/, /^Kafka \(consuming\) is back/],
  ["postgres", /^Postgres is away/, /^Postgres is back/],
])("without %s it says so, repeats nothing, and goes on by itself", async (part, missed, found) => {
  const { traffic, ledger, untilEnded } = audited;
  const { log } = service;
  const from = log.items.length;
  const line = (pattern: RegExp) =>
    log.until(String(pattern), (all) => all.slice(from).some(({ msg }) => pattern.test(msg)));

  await takeAway(part);
  const publishing = traffic.publish(TASKS_EACH, RATE_PER_SECOND);
  try {
    await line(missed);
  } finally {
    await bringBack(part);
  }
  await publishing;
  await traffic.publish(TASKS_EACH, RATE_PER_SECOND);
  await untilEnded(ledger.tasks.size);
  await line(found);
  expectNothingRepeated(from);
});

test("without the registry it pays on: it has met its writers", async () => {
  const { traffic, ledger, untilEnded } = audited;
  await takeAway("registry");
  try {
    await traffic.publish(TASKS_EACH, RATE_PER_SECOND);
    await untilEnded(ledger.tasks.size);
  } finally {
    await bringBack("registry");
  }
});

test("after all of it nothing is lost, doubled or left open", { retry: 0 }, async () => {
  const { ledger, settleAccounts } = audited;
  expect(await settleAccounts()).toMatchObject(allCompleted(ledger.tasks.size));
});

test("told to stop after all of it, it ends at once, whatever its clients still try", async () => {
  expect(await service.stop()).toEqual({ code: 0 });
});

function expectNothingRepeated(from: number): void {
  const said = troublesOf(service, from).map(({ msg, lease }) => JSON.stringify({ msg, lease }));
  expect(said).toEqual([...new Set(said)]);
}

async function untilAllMissed({ log }: RunningService): Promise<void> {
  await log.until("a line for each part", (lines) =>
    AWAY_AT_START.every((line) => lines.some(({ msg }) => msg === line)),
  );
}

async function takeAway(part: Part): Promise<void> {
  if (part !== "circle") return takeDown(part);
  await circle.inject({ kind: "loseAnswer", executed: false, count: null });
}

async function bringBack(part: Part): Promise<void> {
  if (part !== "circle") return bringUp(part);
  await circle.clearFaults();
}
