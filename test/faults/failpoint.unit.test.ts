import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { armFailpoints, failpoint, FAILPOINTS, type Failpoint } from "../../src/failpoint.ts";
import { readReport, writePlan, type PlanInput } from "./failpoint-plan.ts";

const POLL_MS = 20;
const src = fileURLToPath(new URL("../../src/", import.meta.url));

afterEach(() => armFailpoints(undefined));

test("unarmed, a place does nothing, not even make a promise", () => {
  for (const name of FAILPOINTS) expect(failpoint(name)).toBeUndefined();
});

test("armed, it hears which place was come to; disarmed, nothing any more", async () => {
  const heard: Failpoint[] = [];
  armFailpoints(async (name) => void heard.push(name));
  await failpoint("accept.before");
  armFailpoints(undefined);
  await failpoint("accept.committed");
  expect(heard).toEqual(["accept.before"]);
});

test("every place of the list stands in the source exactly once, and none that is not in the list", () => {
  const uses = globSync("**/*.ts", { cwd: src }).flatMap((path) =>
    [...readFileSync(src + path, "utf8").matchAll(/\bfailpoint\("([^"]*)"\)/g)].map(
      ([, name]) => name,
    ),
  );
  const inOrder = (names: readonly (string | undefined)[]) => names.map(String).sort();
  expect(inOrder(uses)).toEqual(inOrder(FAILPOINTS));
});

test("nothing of the service arms them", () => {
  const arming = globSync("**/*.ts", { cwd: src }).filter((path) =>
    /armFailpoints|arm-failpoints|FAULT_TEST/.test(readFileSync(src + path, "utf8")),
  );
  expect(arming).toEqual(["failpoint.ts"]);
});

const DONE = "accept.committed 1";

test.each<[string, PlanInput, Awaited<ReturnType<typeof run>>]>([
  [
    "throws at the hit that its plan names",
    [{ name: "accept.before", action: "throw", hit: 2 }],
    {
      reports: ["accept.before 1", "accept.before 2 throw", DONE],
      signal: null,
      threw: ["accept.before"],
    },
  ],
  [
    "throws at every hit from there on",
    [{ name: "accept.before", action: "throw", hit: 2, times: "always" }],
    {
      reports: ["accept.before 1", "accept.before 2 throw", "accept.before 3 throw", DONE],
      signal: null,
      threw: ["accept.before", "accept.before"],
    },
  ],
  [
    "is killed there",
    [{ name: "accept.committed", action: "kill" }],
    { reports: ["accept.before 1", `${DONE} kill`], signal: "SIGKILL", threw: [] },
  ],
  [
    "is frozen there",
    [{ name: "accept.committed", action: "stop" }],
    { reports: ["accept.before 1", `${DONE} stop`], signal: "SIGSTOP", threw: [] },
  ],
])("an armed process %s, and says so", async (_, plan, expected) => {
  expect(await run(plan)).toEqual(expected);
});

/** A process that comes three times to one place and once to another. */
const SCRIPT = `
  const { failpoint } = await import(${JSON.stringify(`${src}failpoint.ts`)});
  for (const name of ["accept.before", "accept.before", "accept.before", "accept.committed"]) {
    await failpoint(name)?.catch(() => console.log(name));
  }
`;

async function run(plan: PlanInput) {
  const arm = fileURLToPath(new URL("arm-failpoints.ts", import.meta.url));
  const args = ["--import", arm, "--input-type=module", "-e", SCRIPT];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...writePlan(plan) } });
  const stopped = untilStopped(child.pid ?? 0).then((isStopped) => {
    if (isStopped) child.kill("SIGKILL");
    return isStopped;
  });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const reports = err.split("\n").flatMap((line) => {
    const report = line.startsWith("{") ? readReport(JSON.parse(line)) : undefined;
    return report ? [[report.name, report.hit, report.action].join(" ").trim()] : [];
  });
  const signal = (await stopped) ? "SIGSTOP" : child.signalCode;
  return { reports, signal, threw: out.split("\n").filter(Boolean) };
}

/** Whether the process came to be stopped; false once it is gone. */
async function untilStopped(pid: number): Promise<boolean> {
  for (;;) {
    try {
      const state = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "")[0];
      if (state === "T") return true;
      if (state === "Z") return false;
    } catch {
      return false;
    }
    await delay(POLL_MS);
  }
}
