import type { Browser, Page as BrowserPage } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createBoard, type Board } from "../../../sandbox/demo/board/board.ts";
import { servePage, type Page } from "../../../sandbox/demo/page/serve-page.ts";
import { launchBrowser, openPage, type WatchedPage } from "../../support/headless-browser.ts";
import { outcome, stamps, task, transfer } from "./traffic-seen.ts";

const DESK = { width: 1280, height: 720 };
const PHONE = { width: 375, height: 812 };
const PAYMENTS = 40;

let browser: Browser;
let board: Board;
let served: Page;
let pressed: string[];
let opened: WatchedPage[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  board = createBoard();
  pressed = [];
  opened = [];
  served = await servePage({
    frame: () => board.frame(Date.now()),
    onKey: (key) => pressed.push(key) > 0,
  });
});
afterEach(async () => {
  for (const { page } of opened) await page.context().close();
  await served[Symbol.asyncDispose]();
  // Whatever a test did, the page never complained and never spoke to anybody else.
  for (const { complaints, hosts } of opened) {
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(served.url).host]);
  }
});

async function look(options: Parameters<typeof openPage>[1] = { viewport: DESK }) {
  const watched = await openPage(browser, options);
  opened.push(watched);
  await watched.page.goto(served.url);
  return watched.page;
}

const text = (page: BrowserPage, selector: string) => page.locator(selector).textContent();
const tasks = () => Array.from({ length: PAYMENTS }, (_, i) => i + 1);

/** Which sixths of the canvas have dots in them, the lines between the stages left out. */
const stagesPainted = (page: BrowserPage, isNarrow = false) =>
  page.evaluate<number[]>(`{
    const { width, height } = dots;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(dots, 0, 0);
    [0, 1, 2, 3, 4, 5].filter((stage) => {
      const [left, top] = ${isNarrow} ? [0, (stage * height) / 6] : [(stage * width) / 6, 0];
      const [across, down] = ${isNarrow} ? [width, height / 6] : [width / 6, height];
      const { data } = context.getImageData(left + 3, top + 3, across - 6, down - 6);
      return data.some((value, i) => i % 4 === 3 && value > 128);
    });
  }`);

test("dots cross the stages with the payments", async () => {
  const page = await look();
  const now = Date.now();
  for (const n of tasks()) board.published(task(n, now));
  await expect.poll(() => stagesPainted(page)).toEqual([0]);
  for (const n of tasks()) board.journeys.stamp(stamps(n, now + 50));
  await expect.poll(() => stagesPainted(page)).toEqual([1]);
  for (const n of tasks()) board.journeys.stamp(stamps(n, now + 50, now + 90));
  await expect.poll(() => stagesPainted(page)).toEqual([2]);
  for (const n of tasks().slice(0, 10)) board.journeys.transfer(transfer(n), now + 900);
  await expect.poll(() => stagesPainted(page)).toEqual([2, 3]);
  expect(await text(page, "#stages li:nth-child(4) span")).toBe("10");
  for (const n of tasks()) board.journeys.transfer(transfer(n), now + 900);
  for (const n of tasks()) board.journeys.stamp(stamps(n, now + 50, now + 90, now + 950));
  await expect.poll(() => stagesPainted(page)).toEqual([4]);
  for (const n of tasks()) board.ended(outcome(n, now + 980));
  await expect.poll(() => stagesPainted(page)).toEqual([5]);
  board.journeys.forget(Date.now() + 60_000);
  await expect.poll(() => stagesPainted(page)).toEqual([]);
  expect(await text(page, "#paid")).toBe(String(PAYMENTS));
});

/** Ends `PAYMENTS` tasks that took so long in all. */
function payAll(tookMs: number): void {
  const start = Date.now() - tookMs;
  for (const n of tasks()) {
    board.published(task(n, start));
    board.journeys.transfer(transfer(n), start + tookMs - 200);
    board.journeys.stamp(stamps(n, start + 50, start + 90, start + tookMs - 100));
    board.ended(outcome(n, start + tookMs));
  }
}

test("bars are stacked against the three seconds", async () => {
  const page = await look();
  payAll(2_000);
  const bar = page.locator("#bars rect.stage-3");
  await expect.poll(() => bar.count()).toBeGreaterThan(0);
  const boxes = await page.evaluate<{ top: number; bottom: number }[]>(
    `[...bars.querySelectorAll("rect[class^=stage]")].map((rect) => rect.getBoundingClientRect().toJSON())`,
  );
  expect(boxes).toHaveLength(5);
  // Each lies on the one before it.
  for (const [i, box] of boxes.entries()) {
    if (i > 0) expect(Math.abs(box.bottom - (boxes[i - 1]?.top ?? 0))).toBeLessThanOrEqual(1);
  }
  const promise = await page.locator("#bars line.promise").boundingBox();
  const [top, bottom] = [boxes.at(-1)?.top ?? 0, boxes[0]?.bottom ?? 0];
  expect(promise?.y).toBeLessThan(top);
  expect((bottom - top) / (bottom - (promise?.y ?? 0))).toBeCloseTo(2 / 3, 1);
  expect(await text(page, "#means tr:nth-child(3) td:nth-child(2)")).toBe("1,710 ms");
});

test("SERVICE DEAD appears with what is frozen and what waits, and goes", async () => {
  const page = await look();
  await expect.poll(() => text(page, "#link")).toBe("live");
  expect(await page.locator("#banner").isVisible()).toBe(false);
  const now = Date.now();
  for (const n of tasks()) board.published(task(n, now));
  for (const n of tasks()) board.journeys.stamp(stamps(n, now, now));
  board.serviceGone(Date.now());
  board.lag(7);
  await page.locator("#banner").waitFor({ state: "visible" });
  expect(await text(page, "#banner-title")).toBe("SERVICE DEAD");
  await expect.poll(() => text(page, "#banner-detail")).toContain("40 payments frozen");
  for (const n of tasks().slice(0, 5)) board.journeys.transfer(transfer(n), Date.now());
  board.lag(1_234);
  await expect.poll(() => text(page, "#banner-detail")).toContain("5 in flight already paid");
  await expect.poll(() => text(page, "#lag")).toBe("1,234");
  await expect.poll(() => page.locator("#bars rect.outage").count()).toBe(1);
  board.serviceStarting();
  await expect.poll(() => text(page, "#banner-title")).toBe("SERVICE DEAD, starting again");
  board.serviceBack(Date.now());
  await page.locator("#banner").waitFor({ state: "hidden" });
});

test("the demo's keys are buttons and keys, and there are none where it needs nobody", async () => {
  const page = await look();
  await expect.poll(() => text(page, "#link")).toBe("live");
  expect(await page.getByRole("button").count()).toBe(0);
  await page.keyboard.press("k");
  board.offer([
    { key: "k", does: "kills the service" },
    { key: "d", does: "publishes duplicates" },
  ]);
  await page.getByRole("button", { name: "k kills the service" }).waitFor();
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await page.keyboard.press("Control+d");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => pressed).toEqual(["k", "d"]);
});

test("it ends with the audit, asks nobody again, and says what it was told", async () => {
  const page = await look();
  for (let n = 1; n <= 9; n += 1) board.tell(`line ${n}`);
  await expect.poll(() => page.locator("#story li").allTextContents()).toHaveLength(6);
  board.conclude({
    balanced: false,
    rows: [{ name: "paid twice", value: "1" }],
    offenders: ["paidTwice: platform-1/task-1 2 transfers"],
  });
  await served[Symbol.asyncDispose]();
  await expect.poll(() => text(page, "#link")).toBe("the demo has ended");
  expect(await text(page, "#verdict")).toBe("IT DOES NOT BALANCE.");
  expect(await text(page, "#audit")).toBe("paid twice1");
  expect(await text(page, "#offenders")).toContain("task-1 2 transfers");
  expect(await page.locator("#story li").allTextContents()).toEqual(
    [4, 5, 6, 7, 8, 9].map((n) => `line ${n}`),
  );
  const asked = page.waitForRequest(() => true, { timeout: 1_500 }).catch(() => "nothing");
  expect(await asked).toBe("nothing");
});

test.each([
  ["on a desk, light", { viewport: DESK, colorScheme: "light" }, false],
  [
    "on a phone, dark, without motion",
    { viewport: PHONE, colorScheme: "dark", reducedMotion: "reduce" },
    true,
  ],
] as const)("it fits %s", async (_, options, isNarrow) => {
  const page = await look(options);
  const now = Date.now();
  for (const n of tasks()) board.published(task(n, now));
  await expect.poll(() => stagesPainted(page, isNarrow)).toEqual([0]);
  for (const n of tasks()) board.journeys.stamp(stamps(n, now, now));
  await expect.poll(() => stagesPainted(page, isNarrow)).toEqual([2]);
  const overflow = await page.evaluate(
    "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth",
  );
  expect(overflow).toBe(0);
  const paper = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  expect(paper).toBe(isNarrow ? "rgb(20, 23, 26)" : "rgb(251, 251, 249)");
  if (isNarrow) return;
  const lowest = await page.locator("#time").boundingBox();
  expect((lowest?.y ?? 0) + (lowest?.height ?? 0)).toBeLessThanOrEqual(DESK.height);
});

test("its policy lets no script in and nothing out", async () => {
  // Not in `opened`: this one is made to complain.
  const { page, complaints, hosts } = await openPage(browser);
  const answer = await page.goto(served.url);
  expect(answer?.headers()["content-security-policy"]).toContain("default-src 'none'");
  await page.evaluate(`{
    const script = document.createElement("script");
    script.textContent = "window.wasRun = true";
    document.head.append(script);
    fetch("https://elsewhere.example/").catch(() => undefined);
  }`);
  await expect.poll(() => complaints.length).toBeGreaterThanOrEqual(2);
  expect(await page.evaluate("window.wasRun")).toBeUndefined();
  expect([...hosts]).toEqual([new URL(served.url).host]);
  await page.context().close();
});
