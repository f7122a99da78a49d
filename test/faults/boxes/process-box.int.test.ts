import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectArrivals, type Arrivals } from "../../e2e/arrivals.ts";
import { openProcessBox, type ProcessBox } from "./process-box.ts";

const HOUR_MS = 3_600_000;
const running = new AsyncDisposableStack();

/** Says every few milliseconds what it takes the time to be, by each of the ways to ask. */
const TELLS_TIME = `
  setInterval(() => {
    const times = [Date.now(), new Date().getTime(), Date.parse(Date())];
    const given = new Date(5).getTime() === 5 && new Date() instanceof Date;
    console.log(JSON.stringify({ times, given, ranForMs: performance.now() }));
  }, 20)`;

interface Telling {
  readonly times: readonly number[];
  readonly given: boolean;
  readonly ranForMs: number;
}

let box: ProcessBox;
beforeAll(async () => {
  box = running.use(await openProcessBox());
});
afterAll(() => running.disposeAsync());

function startTelling(): Arrivals<Telling> {
  const env = { ...process.env, ...box.settings({}) };
  const child: ChildProcess = spawn(process.execPath, ["-e", TELLS_TIME], { env });
  running.defer(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const told = collectArrivals<Telling>();
  if (child.stdout) createInterface(child.stdout).on("line", (line) => told.push(JSON.parse(line)));
  return told;
}

const isOffBy = (offMs: number) => (telling: Telling) =>
  telling.times.every((time) => Math.abs(time - Date.now() - offMs) < HOUR_MS / 2);

test("a process's clock is an hour off while told so, from its first moment too, and its event loop stands still", async () => {
  const early = startTelling();
  expect((await early.next("the right time", isOffBy(0))).given).toBe(true);
  expect(box.struck()).toBe(0);

  box.shiftClock(HOUR_MS);
  expect((await early.next("an hour ahead", isOffBy(HOUR_MS))).given).toBe(true);
  const late = startTelling();
  await late.next("anything", () => true);
  expect(late.items.filter((telling) => !isOffBy(HOUR_MS)(telling))).toEqual([]);
  box.shiftClock(-HOUR_MS);
  await early.next("an hour behind", isOffBy(-HOUR_MS));
  box.shiftClock(0);

  const before = box.struck();
  box.blockLoop(400);
  // Reports of the shifts may still be on their way.
  await expect.poll(() => box.struck(), { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 2);
  await early.until("the next", (all) => largestGap(all) >= 400);
});

function largestGap(all: readonly Telling[]): number {
  const gaps = all.slice(1).map(({ ranForMs }, i) => ranForMs - (all[i]?.ranForMs ?? 0));
  return Math.max(0, ...gaps);
}
