import { InvalidArgumentError, type Command } from "commander";
import { wholeSeconds } from "./operator-options.ts";
import type { PayOptions } from "./pay.ts";
import type { Run } from "./run.ts";
import type { VerifyCommandOptions } from "./verify.ts";

/** What is done with payments; on the database for now. */
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
    .command("pay")
    .description("accept one completed task, as an event from Kafka would be")
    .requiredOption("--platform <id>")
    .requiredOption("--task <id>")
    .requiredOption("--worker <id>")
    .requiredOption("--amount <decimal>", "gross, at most 6 decimals")
    .option("--currency <code>", "USDC or EURC", "USDC")
    .option("--idempotency-key <key>")
    .option("--wait <seconds>", "wait for the outcome", wholeSeconds, 0)
    .action(
      run(async (output, options: PayOptions) =>
        (await import("./pay.ts")).payCommand(output, options),
      ),
    );
  program
    .command("get")
    .description("show one payment with its stages and attempts")
    .argument("<id>", "the payment's id")
    .action(run(async (output, id: string) => (await import("./get.ts")).getCommand(output, id)));
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
