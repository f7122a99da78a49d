import { InvalidArgumentError, type Command } from "commander";
import { asksForReason, count, uuid, wholeSeconds } from "../operator-options.ts";
import type { Run } from "../run.ts";
import type { Decision, DecisionOptions, ResolveOptions } from "./decisions.ts";
import type { PauseOptions } from "./pause.ts";
import { LIST_MAX } from "./paying-commands.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import type { ReviewListOptions } from "./reviews.ts";
import { asksService } from "./service-options.ts";

const SLOTS_MAX = 1_000_000;
/** The service itself gives up after 15 minutes. */
const RECONCILE_SECONDS = 960;

/** What needs a person: failed payments, payments in doubt, and the brake. */
export function addOperatingCommands(program: Command, run: Run): void {
  addRetry(program, run);
  addReview(program, run);
  addReconcile(program, run);
  for (const action of ["pause", "resume"] as const) {
    const command = program
      .command(action)
      .description(`${action} sending; following and settling go on`)
      .option("--platform <id>", "only this platform (default: everything)")
      .addHelpText("after", "\nExit: 0 done, 5 it stood so already.");
    asksService(asksForReason(command)).action(
      run(async (output, options: PauseOptions) =>
        (await import("./pause.ts")).pauseCommand(output, action, options),
      ),
    );
  }
}

function addReconcile(program: Command, run: Run): void {
  const command = program
    .command("reconcile")
    .description("have the service verify its ledger against itself and the chain")
    .option("--from-block <number>", "default: 10,000 before the last", blockNumber)
    .option("--to-block <number>", "default: the last that was followed", blockNumber)
    .option(
      "--slots <n>",
      "how many payments' slots are asked for (default: 1,000)",
      count(SLOTS_MAX),
    )
    .option("--wait <seconds>", "how long to wait for the outcome", wholeSeconds, RECONCILE_SECONDS)
    .addHelpText(
      "after",
      `
What gigpay verify does beside the service, done by it, in the background; it changes nothing. One at a time.
Exit: 0 all is as it should be, 9 mismatches, 4 it could not look, 5 one runs already, 8 still running.`,
    );
  asksService(asksForReason(command)).action(
    run(async (output, options: ReconcileOptions) =>
      (await import("./reconcile.ts")).reconcileCommand(output, options),
    ),
  );
}

function blockNumber(value: string): number {
  const number = Number(value);
  if (/^\d{1,15}$/.test(value)) return number;
  throw new InvalidArgumentError("Give a block's number.");
}

function addRetry(program: Command, run: Run): void {
  const command = program
    .command("retry")
    .description("pay a failed payment after all, once what made it fail is mended")
    .argument("<id>", "the payment's id", uuid)
    .requiredOption("--expected-generation <n>", "the generation that failed", count(1_000_000))
    .option("--wait <seconds>", "wait for the outcome", wholeSeconds, 0)
    .addHelpText(
      "after",
      `
Opens the next generation of the payment, with its amount, wallet and fee looked at anew. PayOnce pays a payment once
over all its generations. Only a failed payment is retried; asked twice with the same generation, it opens one.
Exit: 0 paid, 8 on its way (do not pay again), 5 refused, 7 failed again.`,
    );
  asksService(asksForReason(command)).action(
    run(async (output, id: string, options: DecisionOptions) =>
      (await import("./decisions.ts")).retryCommand(output, id, options),
    ),
  );
}

function addReview(program: Command, run: Run): void {
  const review = program
    .command("review")
    .description("payments in doubt: list them, or resolve one by evidence");
  const list = review
    .command("list")
    .description("payments in review, the oldest doubt first, each with what to do")
    .option("--platform <id>", "only this platform's")
    .option("--code <code>", "only this doubt, such as pay_unconfirmed")
    .option("--limit <n>", "how many at most", count(LIST_MAX), 25);
  asksService(list).action(
    run(async (output, options: ReviewListOptions) =>
      (await import("./reviews.ts")).reviewListCommand(output, options),
    ),
  );
  const resolve = review
    .command("resolve")
    .description("recheck a payment in review, cancel it, or prove that it was paid")
    .argument("<id>", "the payment's id", uuid)
    .requiredOption("--decision <decision>", "recheck, cancel or confirm-paid", decision)
    .requiredOption("--expected-generation <n>", "the generation that you saw", count(1_000_000))
    .option("--tx <hash>", "for confirm-paid: the transaction that paid it")
    .option("--wait <seconds>", "wait for the outcome", wholeSeconds, 0)
    .addHelpText(
      "after",
      `
  recheck       looks at the chain and all stored evidence now, and sends again what is in doubt
  cancel        has the payment closed on chain; it fails once that is followed, unless it was paid first
  confirm-paid  reads the transaction of --tx and completes the payment if it proves it: our PayOnce's Paid with
                exactly our terms, and the token's own Transfer
Evidence alone decides: there is no override. What is not proven is refused, with every check that was made.
Exit: 0 completed, 5 refused, 7 failed, 8 still in doubt (do not pay again).`,
    );
  asksService(asksForReason(resolve)).action(
    run(async (output, id: string, options: ResolveOptions) =>
      (await import("./decisions.ts")).resolveCommand(output, id, options),
    ),
  );
}

const DECISIONS: ReadonlyMap<string, Decision> = new Map([
  ["recheck", "recheck"],
  ["cancel", "cancel"],
  ["confirm-paid", "confirm_paid"],
] as const);

function decision(value: string): Decision {
  const known = DECISIONS.get(value);
  if (known) return known;
  throw new InvalidArgumentError(`Give ${[...DECISIONS.keys()].join(", ")}.`);
}
