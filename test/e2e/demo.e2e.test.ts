import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { DemoReport } from "../../sandbox/demo/report.ts";
import { launchBrowser, openPage } from "../support/headless-browser.ts";

const DEMO = fileURLToPath(new URL("../../sandbox/demo.ts", import.meta.url));
const SIZE = ["--payments", "60", "--rate", "10"];
/** The sandbox's start and the recovery, on a machine that has other things to do. */
const PATIENCE_MS = 100_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Runs the demo; `told` is its story so far. */
function runDemo() {
  const demo = spawn(process.execPath, [DEMO, "--unattended", "--json", ...SIZE]);
  const told: string[] = [];
  const url = Promise.withResolvers<string>();
  createInterface(demo.stderr).on("line", (line) => {
    told.push(line);
    const [, found] = /Live: (\S+)/.exec(line) ?? [];
    if (found !== undefined) url.resolve(found);
  });
  const json = demo.stdout.setEncoding("utf8").toArray();
  const exited = once(demo, "exit").then(([code]) => {
    url.reject(new Error(told.join("\n")));
    return code as number | null;
  });
  return { demo, told, json, exited, url: url.promise };
}

test("the demo's page outlives the service's kill, and ends with the audit that the demo prints", async () => {
  const { demo, told, json, exited, url } = runDemo();
  onTestFailed(() => {
    demo.kill("SIGTERM");
    process.stderr.write(`${told.join("\n")}\n`);
  });
  const { page, complaints, hosts } = await openPage(browser);
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(await url);
  expect(await page.getByRole("button").count()).toBe(0);
  await page.getByText("SERVICE DEAD", { exact: true }).waitFor();
  await page.locator("#banner").waitFor({ state: "hidden" });
  await page.getByText("the demo has ended").waitFor();
  expect(await exited).toBe(0);

  const report = JSON.parse((await json).join("")) as DemoReport;
  expect(report).toMatchObject({ published: 61, completed: 61, balanced: true });
  const [kill] = report.kills;
  expect(kill?.caught).toBe(
    (kill?.notSentAgain ?? 0) + (kill?.sentAgain ?? 0) + (kill?.wentOn ?? 0),
  );
  expect(await page.locator("#verdict").textContent()).toBe("It balances.");
  expect(await page.locator("#paid").textContent()).toBe("61");
  expect(await page.locator("#in-flight").textContent()).toBe("0");
  expect(await page.locator("#audit").textContent()).toContain("transfers on chain61");
  expect(await page.locator("#bars rect[class^=stage]").count()).toBeGreaterThan(0);
  expect(await page.locator("#bars rect.outage").count()).toBe(1);
  expect(await page.locator("#story").textContent()).toContain("went on");
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(await url).host]);
}, 120_000);
