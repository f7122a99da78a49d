import { InvalidArgumentError, type Command } from "commander";
import { count } from "./operator-options.ts";
import type { Run } from "./run.ts";
import type { TopOptions } from "./top/top.ts";

const EVERY_MAX_SECONDS = 3_600;

/** What is looked at while the service runs. */
export function addWatchingCommands(program: Command, run: Run): void {
  program
    .command("top")
    .description(
      "watch the service live, from its metrics: the 3 seconds, what waits, what is wrong",
    )
    .option("--url <url>", "an instance's metrics; again for each further instance", metricsUrls)
    .option("--every <seconds>", "how often", count(EVERY_MAX_SECONDS), 2)
    .option("--once", "print one frame and end; its figures are since the start", false)
    .addHelpText(
      "after",
      `
Without --url it looks at http://127.0.0.1:METRICS_PORT/metrics. Of several instances, what is counted is added up, and
of what all of them see (payments open, lag, funds) the worst is shown. Rates, shares and times are of the last minute.
With --json: one document per frame. Exit: 0, with --once 4 if no instance answered.`,
    )
    .action(
      run(async (output, options: TopOptions) =>
        (await import("./top/top.ts")).topCommand(output, options),
      ),
    );
}

function metricsUrls(value: string, before: readonly string[] | undefined): readonly string[] {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError("Give a URL, such as http://payments-1:9464/metrics.");
  }
  if (url.pathname === "/") url.pathname = "/metrics";
  return [...(before ?? []), url.href];
}
