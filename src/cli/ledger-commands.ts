import { InvalidArgumentError, type Command } from "commander";
import type { PruneCommandOptions } from "./prune.ts";
import type { Run } from "./run.ts";
import type { VerifyCommandOptions } from "./verify.ts";

/** What is asked of the ledger itself. */
export function addLedgerCommands(program: Command, run: Run): void {
  program
    .command("verify")
    .description("compare the ledger with itself and with the chain; exit 9 on any mismatch")
    .option("--from-block <number>", "default: 10,000 before the last", blockNumber)
    .option("--to-block <number>", "default: the last that was followed", blockNumber)
    .option("--slots <count>", "how many payments' slots to ask for, or all", slotCount)
    .action(
      run(async (output, options: VerifyCommandOptions) =>
        (await import("./verify.ts")).verifyCommand(output, options),
      ),
    );
  program
    .command("prune")
    .description("drop the bytes of what was over long ago; identities, outcomes and logs stay")
    .option("--older-than <days>", "in days, 7d at least", wholeDays, 90)
    .option("--dry-run", "count, and change nothing", false)
    .action(
      run(async (output, options: PruneCommandOptions) =>
        (await import("./prune.ts")).pruneCommand(output, options),
      ),
    );
}

/** As the database has it, too. */
const KEPT_DAYS_MIN = 7;

function wholeDays(value: string): number {
  const days = Number(/^(\d{1,5})d$/.exec(value)?.[1] ?? 0);
  if (days >= KEPT_DAYS_MIN) return days;
  throw new InvalidArgumentError(`Give whole days, such as 90d, and ${KEPT_DAYS_MIN}d at least.`);
}

function blockNumber(value: string): bigint {
  if (!/^\d{1,18}$/.test(value)) throw new InvalidArgumentError("Give a block's number.");
  return BigInt(value);
}

function slotCount(value: string): number | "all" {
  if (value === "all") return value;
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a number, or all.");
  return Number(value);
}
