import { runBacklog } from "./run-backlog.ts";

/** Of the service's own process, whatever waits for it. */
const RSS_MAX_MB = 300;

/** `--backlog N [--rail arc|circle] [--json]`: answers the exit code. */
export async function reportBacklog(
  payments: number,
  rail: string,
  json: boolean,
): Promise<number> {
  if (rail !== "arc" && rail !== "circle") {
    process.stderr.write(`--rail ${rail}: there is arc and circle\n`);
    return 2;
  }
  const report = await runBacklog(payments, rail);
  const { drainedInMs, paymentsPerSecond, rssMaxMb, balanced } = report;
  const words = `${payments} payments in ${drainedInMs} ms (${paymentsPerSecond}/s), ${rssMaxMb} MB at most, ${balanced ? "balanced" : "NOT BALANCED"}`;
  process.stdout.write(`${json ? JSON.stringify(report) : words}\n`);
  return balanced && rssMaxMb < RSS_MAX_MB ? 0 : 1;
}
