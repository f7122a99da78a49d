import type { RestoreReport } from "../restore/restore-report.ts";
import { table } from "./output.ts";

/** What no reading brings back; said before anybody confirms. */
const LOST = [
  "payments that were accepted only over HTTP and not paid: their platforms must ask again",
  "changes of the directory (platforms, workers, wallets, tasks) since the backup",
  "task.completed and our own events that are older than Kafka's retention",
];

/** Block numbers and counts as JSON has them. */
export function restoreDocument({
  state,
  head,
  cursor,
  unreadRecords,
  counts,
  waitingFor,
}: RestoreReport) {
  const { open, restoredAt } = state;
  return {
    open: open && {
      id: open.id.toString(),
      detectedAt: open.detectedAt,
      signs: open.signs,
      topicsReadAt: open.topicsReadAt,
      outcomesAdopted: Number(open.outcomesAdopted),
    },
    restoredAt,
    head: Number(head),
    cursor: cursor === null ? null : Number(cursor),
    unreadRecords: Number(unreadRecords),
    counts: Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, Number(count)]),
    ),
    waitingFor,
    lostForGood: open ? LOST : [],
  };
}

export function restoreText(report: RestoreReport): string {
  const { state, head, cursor, counts, waitingFor } = report;
  const { open, restoredAt } = state;
  if (!open) {
    const last = restoredAt ? `; the last one was at ${restoredAt.toISOString()}` : "";
    return `no restore is open${last}. --declare says that there was one.`;
  }
  const signs = Object.entries(open.signs).map(
    ([key, sign]) => [`  ${key}`, JSON.stringify(sign)] as const,
  );
  return [
    `a restored backup was noticed at ${open.detectedAt.toISOString()}; nothing is planned, failed or sent`,
    table(signs),
    "",
    table([
      ["cursor", `${cursor ?? "none"} of ${head}`],
      ["outcomes adopted from our own topics", open.outcomesAdopted],
      ["… of payments that are not known (yet)", counts.announcedUnknown],
      ["paid on chain, and not completed here", counts.paidNotCompleted],
      ["… on other terms than this database has", counts.paidOtherwise],
      ["paid on chain, and not known here", counts.paidUnknown],
      ["payments that wait to be planned", counts.waiting],
      ["payments that are sent again", counts.unfinished],
      ["records whose platform is not known here", counts.withoutPlatform],
    ]),
    "",
    "lost for good:",
    ...LOST.map((line) => `  ${line}`),
    "",
    ...(waitingFor.length === 0
      ? [
          "ready: stop every old process, check the directory, then `gigpay restored --yes --reason …`",
        ]
      : ["not ready, it waits for:", ...waitingFor.map((line) => `  ${line}`)]),
  ].join("\n");
}
