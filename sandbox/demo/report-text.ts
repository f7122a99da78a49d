import type { AuditFigures } from "./board/frame.ts";
import type { DemoReport } from "./report.ts";
import { seconds } from "./watch.ts";

const OFFENDERS_SHOWN = 20;

/** The audit for a terminal. */
export function reportText(report: DemoReport): string {
  const { latencyMs, offenders } = report;
  const lines = [
    "",
    "  The audit: ledger, chain and Kafka, none of which is the service",
    `    tasks published ${report.published}   transfers on chain ${report.transfersOnChain}   payment.completed ${report.completed}   payment.failed ${report.failed}`,
    `    paid twice ${report.paidTwice}   lost ${report.lost}   contradicting events ${report.contradicting}   without an answer ${report.review}   dead letters ${report.deadLettered}`,
    `    within 3 s: ${withinText(report)}`,
    `    p50 ${seconds(latencyMs.p50)}   p99 ${seconds(latencyMs.p99)}   max ${seconds(latencyMs.max)}`,
  ];
  if (!report.balanced) {
    lines.push("", "  NOT BALANCED:", ...offenders.slice(0, OFFENDERS_SHOWN));
    if (offenders.length > OFFENDERS_SHOWN) {
      lines.push(`  … and ${offenders.length - OFFENDERS_SHOWN} more`);
    }
  }
  return lines.join("\n");
}

/** The same for the page. */
export function auditFigures(report: DemoReport): AuditFigures {
  const { latencyMs, offenders } = report;
  const counts = {
    "tasks published": report.published,
    "transfers on chain": report.transfersOnChain,
    "payment.completed": report.completed,
    "payment.failed": report.failed,
    "paid twice": report.paidTwice,
    lost: report.lost,
    "contradicting events": report.contradicting,
    "failed, yet paid": report.failedButPaid,
    "without an answer": report.review,
    "dead letters": report.deadLettered,
  };
  return {
    balanced: report.balanced,
    rows: [
      ...Object.entries(counts).map(([name, count]) => ({ name, value: count.toString() })),
      { name: "within 3 s", value: withinText(report) },
      { name: "p50, p99, max", value: Object.values(latencyMs).map(seconds).join(", ") },
    ],
    offenders: offenders.slice(0, OFFENDERS_SHOWN),
  };
}

function withinText({ within3s, withoutKill, caughtByKill }: DemoReport): string {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  if (!withoutKill || !caughtByKill || withoutKill.measured === 0) return percent(within3s);
  const { measured, overThreeSeconds } = withoutKill;
  return `${percent(within3s)} (${percent(1 - overThreeSeconds / measured)} without the kill window: those caught by the kill took up to ${seconds(caughtByKill.latencyMs.max)})`;
}
