import type { ReconciliationDetail } from "../client/api.ts";

/** Each check with what it looked at, and each mismatch. */
export function verificationText({
  checks,
  mismatches,
  isCut,
  blocksChecked,
}: NonNullable<ReconciliationDetail["report"]>): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const rowsOf = (rows: number) => `${rows}`.padStart(10);
  const lines = checks.map(({ name, rows, ms, mismatches: found }) => {
    const verdict = found === 0 ? "ok" : `${found} mismatches`;
    return `${name.padEnd(width)} ${rowsOf(rows)} rows ${`${ms}`.padStart(7)} ms  ${verdict}`;
  });
  const { from, to } = blocksChecked ?? {};
  lines.push(blocksChecked ? `blocks ${from}–${to} were read again` : "no block was compared");
  for (const { kind, severity, paymentId, detail } of mismatches) {
    lines.push(`${severity.padEnd(6)} ${kind} ${paymentId ?? ""} ${detail}`);
  }
  if (isCut) lines.push("… and perhaps more of these kinds");
  lines.push(`${checks.length} checks, ${mismatches.length} mismatches`);
  return lines.join("\n");
}
