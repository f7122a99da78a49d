/** Preloaded into a process under test (`node --import`): arms what the environment's plan says. */
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { armFailpoints, type Failpoint } from "../../src/failpoint.ts";
import { readPlan, writeReport, type PlanStep } from "./failpoint-plan.ts";

const STDERR = 2;

const plan = readPlan(process.env);
const hits = new Map<Failpoint, number>();

armFailpoints(async (name) => {
  const hit = (hits.get(name) ?? 0) + 1;
  hits.set(name, hit);
  const step = plan.find((each) => each.name === name && isDue(each, hit));
  if (!step) {
    if (hit === 1) say({ name, hit });
    return;
  }
  if (step.afterMs > 0) await delay(step.afterMs);
  say({ name, hit, action: step.action });
  act(step);
});

function isDue({ hit, times }: PlanStep, count: number): boolean {
  return times === "once" ? count === hit : count >= hit;
}

/** Written before it acts, and not by way of a buffer that would die with the process. */
function say(report: { name: Failpoint; hit: number; action?: PlanStep["action"] }): void {
  writeSync(STDERR, writeReport({ ...report, pid: process.pid }));
}

function act({ name, action }: PlanStep): void {
  switch (action) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return;
    case "stop":
      process.kill(process.pid, "SIGSTOP");
      return;
    case "throw":
      throw new Error(`failpoint ${name}`);
  }
}
