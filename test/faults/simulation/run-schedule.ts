import { possibleActions, start } from "./actions.ts";
import { startConsole } from "./instance.ts";
import { judgeWorld, type Findings } from "./invariants.ts";
import type { Plan } from "./plan.ts";
import { chooseByName } from "./random.ts";
import { settleDown } from "./settle-down.ts";
import type { SimDatabase } from "./sim-database.ts";
import { createWorld } from "./create-world.ts";
import type { World } from "./world.ts";

export interface ScheduleResult extends Findings {
  readonly seed: number;
  readonly crashes: number;
  readonly faults: number;
  readonly restores: number;
  readonly recoveryMs: number;
  /** Operations at Postgres: what a schedule costs. */
  readonly operations: number;
}

/** Runs one schedule from its plan alone. `tell` hears it step by step. */
export async function runSchedule(
  database: SimDatabase,
  plan: Plan,
  tell?: (line: string) => void,
): Promise<ScheduleResult> {
  const world = await createWorld(plan, database, tell);
  const console = startConsole(world);
  try {
    world.beginStep("start");
    start(world);
    await world.traffic.untilQuiet();
    world.isCalm = false;
    for (const step of plan.steps) await takeStep(world, console, step);
    const recoveryMs = await settleDown(world, console);
    const findings = await judgeWorld(world, console);
    const stuck =
      recoveryMs === undefined ? [`stuck: something is in flight after ${world.nowMs} ms`] : [];
    return {
      ...findings,
      violations: [...stuck, ...findings.violations],
      seed: plan.seed,
      ...world.tally,
      recoveryMs: recoveryMs ?? 0,
      operations: world.traffic.total,
    };
  } finally {
    for (const { process } of world.instances) if (!process.isDead) process.crash();
  }
}

async function takeStep(
  world: World,
  console: ReturnType<typeof startConsole>,
  step: number,
): Promise<void> {
  world.beginStep(`step ${step}`);
  const action = chooseByName(`${world.plan.seed} ${step}`, possibleActions(world, console));
  if (!action) return;
  world.tell(`${step}. ${action.key}`);
  if (action.isFault) world.tally.faults += 1;
  await world.database.setTime(world.nowMs);
  await action.run();
  await world.traffic.untilQuiet();
}
