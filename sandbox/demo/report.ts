import { audit, isBalanced, type Verdict } from "../audit/audit.ts";
import { measureLatency, type LatencyReport } from "../audit/latency.ts";
import { taskKey } from "../traffic/ledger.ts";
import { firstNewPayment, type KillReport } from "./kill.ts";
import { seconds } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

const CATCH_UP_MS = 30_000;

/** The demo's last word; every figure is computed from the ledger, the chain's logs and Kafka. */
export interface DemoReport extends Omit<Verdict, "offenders">, Omit<LatencyReport, "measured"> {
  readonly rail: string;
  readonly ratePerSecond: number;
  readonly within3s: number;
  /** The same without the tasks caught by a kill; null without a kill. */
  readonly withoutKill: LatencyReport | null;
  readonly kills: readonly {
    readonly caught: number;
    readonly alreadyPaid: number;
    readonly readyAgainMs: number;
    readonly firstNewPaymentMs: number | null;
  }[];
  readonly balanced: boolean;
  readonly offenders: readonly string[];
}

export async function auditDemo(
  world: DemoWorld,
  kills: readonly Omit<KillReport, "firstNewPaymentMs">[],
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
  const isCaught = (key: string) => kills.some(({ caught }) => caught.has(key));
  return {
    ...run,
    ...verdict,
    ...latency,
    within3s: measured === 0 ? 0 : (measured - latency.overThreeSeconds) / measured,
    withoutKill:
      kills.length === 0
        ? null
        : measureLatency(tasks, outcomes, (task) => !isCaught(taskKey(task))),
    kills: kills.map(({ caught, alreadyPaid, readyAgainMs, killedAtMs }) => ({
      caught: caught.size,
      alreadyPaid,
      readyAgainMs,
      firstNewPaymentMs: firstNewPayment(killedAtMs, tasks, outcomes),
    })),
    balanced: isBalanced(verdict),
    offenders: verdict.offenders,
  };
}

const OFFENDERS_SHOWN = 20;

export function reportText(report: DemoReport): string {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const { latencyMs, withoutKill } = report;
  const lines = [
    "",
    "  The audit: ledger, chain and Kafka, none of which is the service",
    `    tasks published ${report.published}   transfers on chain ${report.transfersOnChain}   payment.completed ${report.completed}   payment.failed ${report.failed}`,
    `    paid twice ${report.paidTwice}   lost ${report.lost}   contradicting events ${report.contradicting}   without an answer ${report.review}   dead letters ${report.deadLettered}`,
    `    within 3 s: ${percent(report.within3s)}   p50 ${seconds(latencyMs.p50)}   p99 ${seconds(latencyMs.p99)}   max ${seconds(latencyMs.max)}`,
  ];
  if (withoutKill && withoutKill.measured > 0) {
    const share = 1 - withoutKill.overThreeSeconds / withoutKill.measured;
    lines.push(
      `    without those caught by the kill: ${percent(share)}   p50 ${seconds(withoutKill.latencyMs.p50)}   p99 ${seconds(withoutKill.latencyMs.p99)}`,
    );
  }
  for (const { firstNewPaymentMs } of report.kills) {
    if (firstNewPaymentMs === null) continue;
    lines.push(`    first payment of a new task ${seconds(firstNewPaymentMs)} after the kill`);
  }
  if (!report.balanced) {
    lines.push("", "  NOT BALANCED:", ...report.offenders.slice(0, OFFENDERS_SHOWN));
    if (report.offenders.length > OFFENDERS_SHOWN) {
      lines.push(`  … and ${report.offenders.length - OFFENDERS_SHOWN} more`);
    }
  }
  return lines.join("\n");
}
