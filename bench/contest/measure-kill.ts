import { setTimeout as delay } from "node:timers/promises";
import type { Measures } from "../question.ts";
import { lastArrivalMs } from "../world/bench-world.ts";
import { countEnded } from "../world/until-ended.ts";
import { auditContest } from "./audit-contest.ts";
import { killAll, type Process } from "./contender.ts";
import type { Stage } from "./stage.ts";

export interface KillLoad {
  readonly perSecond: number;
  readonly forMs: number;
  readonly downMs: number;
  /** How long whoever was killed may take to come to an end with all of it. */
  readonly withinMs: number;
}

/** kill -9 in the middle of a load, started again after a while; what runs then is left in `running`. */
export async function measureKill(
  stage: Stage,
  running: { parts: readonly Process[] },
  load: KillLoad,
): Promise<Measures> {
  const { world, traffic, contender, signal } = stage;
  const { perSecond, forMs, downMs, withinMs } = load;
  const publishing = traffic.publish((perSecond * forMs) / 1_000, perSecond, undefined, signal);
  await delay(forMs / 2, undefined, { signal });
  await killAll(running.parts);
  const killedAtMs = Date.now();
  await delay(downMs, undefined, { signal });
  running.parts = await contender.start(world);
  await publishing;
  // Some never end: that is a result too.
  await countEnded(world, world.ledger.tasks.size, { withinMs, signal });
  const first = world.events.outcomes.find(({ arrivedAtMs }) => arrivedAtMs > killedAtMs + downMs);
  const { paidTwice, lost, contradicting, review } = await auditContest(world);
  return {
    killPaidTwice: paidTwice,
    killContradicting: contradicting,
    // Neither paid nor failed, or paid without a word.
    killWithoutOutcome: lost + review,
    ...(first && { killFirstAfterMs: first.arrivedAtMs - killedAtMs }),
    killLastAfterMs: lastArrivalMs(world) - killedAtMs,
  };
}
