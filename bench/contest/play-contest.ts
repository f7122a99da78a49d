import type { Audited, Measures } from "../question.ts";
import { auditOf } from "../world/audit-of.ts";
import { untilEnded } from "../world/until-ended.ts";
import { auditContest } from "./audit-contest.ts";
import type { Process } from "./contender.ts";
import { measureBacklog } from "./measure-backlog.ts";
import { measureKill } from "./measure-kill.ts";
import { measureRate } from "./measure-rate.ts";
import type { Stage } from "./stage.ts";

const RATES_PER_SECOND = [50, 200] as const;
/** What a contender must be able to do more than a rate for its latency at that rate to be its own. */
const HEADROOM = 1.25;
const KILL_PER_SECOND_MAX = 100;
const BACKLOG_WITHIN_MS = 60_000;
const RATE_WITHIN_MS = 15_000;
const KILL_WITHIN_MS = 45_000;

/**
 * Warm-up, a backlog, even rates, the audit of all of that; then a kill, whose damage is a result and no error. What runs
 * at the end is left in `running`.
 */
export async function playContest(
  stage: Stage & { readonly isQuick: boolean },
  running: { parts: readonly Process[] },
): Promise<Audited> {
  const { world, traffic, contender, signal, isQuick } = stage;
  const scale = isQuick ? 0.05 : 1;
  const count = Math.max(4, Math.ceil(contender.backlog * scale));
  const warmUp = Math.min(400, Math.ceil(contender.backlog / 8));
  await traffic.publish(warmUp, warmUp, undefined, signal);
  await untilEnded(world, warmUp, { withinMs: BACKLOG_WITHIN_MS, signal });
  const backlog = await measureBacklog(stage, running.parts, {
    count,
    withinMs: BACKLOG_WITHIN_MS,
  });
  const { paymentsPerSecond = 0 } = backlog;
  const rates: Measures[] = [];
  for (const perSecond of RATES_PER_SECOND) {
    if (paymentsPerSecond < perSecond * HEADROOM) continue;
    const forMs = isQuick ? 2_000 : 6_000;
    const load = { perSecond, forMs, withinMs: RATE_WITHIN_MS };
    rates.push(await measureRate({ ...world, traffic }, load, { signal }));
  }
  const audit = auditOf(await auditContest(world));
  const kill = await measureKill(stage, running, {
    // Never less than it can do, so that it is killed at work.
    perSecond: Math.min(KILL_PER_SECOND_MAX, Math.ceil(paymentsPerSecond) + 2),
    forMs: isQuick ? 2_000 : 5_000,
    downMs: 1_000,
    withinMs: KILL_WITHIN_MS,
  });
  return {
    measures: { ...backlog, ...Object.assign({}, ...rates), ...kill },
    audit,
  };
}
