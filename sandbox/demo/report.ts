import { audit, isBalanced, type Verdict } from "../audit/audit.ts";
import { measureLatency, type LatencyReport } from "../audit/latency.ts";
import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import type { KillReport } from "./kill.ts";
import type { DemoWorld } from "./world.ts";

const CATCH_UP_MS = 30_000;

/** The demo's last word; every figure is computed from the ledger, the chain's logs and Kafka. */
export interface DemoReport extends Omit<Verdict, "offenders">, Omit<LatencyReport, "measured"> {
  readonly rail: string;
  readonly ratePerSecond: number;
  readonly within3s: number;
  /** The same without the tasks caught by a kill; null without a kill. */
  readonly withoutKill: LatencyReport | null;
  /** Those caught alone; null without a kill. */
  readonly caughtByKill: LatencyReport | null;
  readonly kills: readonly (Omit<KillReport, "killedAtMs" | "caught"> & {
    readonly caught: number;
  })[];
  readonly balanced: boolean;
  readonly offenders: readonly string[];
}

export async function auditDemo(
  world: DemoWorld,
  kills: readonly KillReport[],
  run: { rail: string; ratePerSecond: number },
): Promise<DemoReport> {
  await world.events.catchUp(CATCH_UP_MS);
  const { tasks } = world.ledger;
  const { outcomes, deadLetters } = world.events;
  const { USDC, EURC } = world.sandbox.chain.tokens;
  const verdict = audit({
    tasks,
    transfers: await world.readTransfers(),
    outcomes,
    deadLetters,
    tokens: { USDC: USDC.toLowerCase(), EURC: EURC.toLowerCase() },
  });
  const { measured, ...latency } = measureLatency(tasks, outcomes);
  const isCaught = (task: PublishedTask) => kills.some(({ caught }) => caught.has(taskKey(task)));
  const latencyWhere = (include: (task: PublishedTask) => boolean) =>
    kills.length === 0 ? null : measureLatency(tasks, outcomes, include);
  return {
    ...run,
    ...verdict,
    ...latency,
    within3s: measured === 0 ? 0 : (measured - latency.overThreeSeconds) / measured,
    withoutKill: latencyWhere((task) => !isCaught(task)),
    caughtByKill: latencyWhere(isCaught),
    kills: kills.map((kill) => ({
      caught: kill.caught.size,
      alreadyPaid: kill.alreadyPaid,
      notSentAgain: kill.notSentAgain,
      sentAgain: kill.sentAgain,
      wentOn: kill.wentOn,
      readyAgainMs: kill.readyAgainMs,
      firstNewPaymentMs: kill.firstNewPaymentMs,
    })),
    balanced: isBalanced(verdict),
    offenders: verdict.offenders,
  };
}
