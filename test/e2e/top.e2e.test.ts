import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawFrame, WIDTH } from "../../src/cli/top/draw-frame.ts";
import type { Frame } from "../../src/cli/top/make-frame.ts";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import type { RunningService } from "./running-service.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const TASKS = 20;

const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let service: RunningService;

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "arc" }, async (world) => {
    service = world.run("watched");
    await service.ready;
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

function top(port: string): Promise<Frame> {
  const args = [GIGPAY, "--json", "top", "--once", "--url", `http://127.0.0.1:${port}`];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as Frame),
    );
  });
}

const isUnknown = (line: string) => /^(kafka|outbox|letters|paused) +–/.test(line);

test("gigpay top shows a real service's payments, whose stages add up to the time that they took", async () => {
  const { traffic, untilEnded, settleAccounts } = audited;
  await traffic.publish(TASKS, TASKS);
  await untilEnded(TASKS);
  await service.log.until(
    "each payment's end",
    (lines) => lines.filter(({ msg }) => msg === "payment ended").length === TASKS,
  );
  const { port } = await service.log.next("its port", ({ msg }) => msg === "metrics are served");
  const frame = await top(String(port));
  expect(frame).toMatchObject({
    window: { since: "start" },
    paused: { everything: false, platforms: 0 },
    isRestoreOpen: false,
    alarms: [],
  });
  expect(frame.flow.completedPerSecond * frame.window.seconds).toBeCloseTo(TASKS, 6);
  expect(frame.latency.share).not.toBeNull();
  expect(frame.latency.p99).toBeGreaterThan(0);
  const total = frame.stages.reduce((sum, { mean }) => sum + (mean ?? 0), 0);
  expect(total).toBeCloseTo(frame.latency.mean ?? 0, 6);
  // Each figure is known once every sampler has looked: nothing that it reads has another name by now.
  const draw = async () => drawFrame(await top(String(port)), (_, text) => text);
  await expect.poll(async () => (await draw()).filter(isUnknown), { timeout: 15_000 }).toEqual([]);
  expect(Math.max(...(await draw()).map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  expect(await settleAccounts()).toMatchObject(allCompleted(TASKS));
});
