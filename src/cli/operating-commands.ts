import { InvalidArgumentError, type Command } from "commander";
import type { Decision } from "../operating/resolve-review.ts";
import { DEAD_LETTER_STATUSES, type DeadLetterStatus } from "../queries/list-dead-letters.ts";
import type { ListOptions } from "./dead-letters.ts";
import type { DecisionOptions, ResolveOptions, ReviewListOptions } from "./operator-decisions.ts";
import {
  asksForReason,
  count,
  uuid,
  uuids,
  wholeSeconds,
  type OperatorOptions,
} from "./operator-options.ts";
import type { ReplayOptions } from "./replay.ts";
import type { Run } from "./run.ts";

/** The most that one page shows, and one replay takes. */
const PAGE_MAX = 100;
const REPLAY_MAX = 500;

/** What needs a person: failed payments, payments in doubt, records that were refused. */
export function addOperatingCommands(program: Command, run: Run): void {
  addRetry(program, run);
  addReview(program, run);
  addDeadLetters(program, run);
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
  asksForReason(command).action(
    run(async (output, id: string, options: DecisionOptions) =>
      (await import("./operator-decisions.ts")).retryCommand(output, id, options),
    ),
  );
}

function addReview(program: Command, run: Run): void {
  const review = program
    .command("review")
    .description("payments in doubt: list them, or resolve one by evidence");
  review
    .command("list")
    .description("payments in review, the oldest doubt first, each with what to do")
    .option("--platform <id>", "only this platform's")
    .option("--code <code>", "only this doubt, such as pay_unconfirmed")
    .option("--limit <n>", "1 to 100", count(PAGE_MAX), 25)
    .option("--cursor <cursor>", "where the page before ended")
    .action(
      run(async (output, options: ReviewListOptions) =>
        (await import("./operator-decisions.ts")).reviewListCommand(output, options),
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
  asksForReason(resolve).action(
    run(async (output, id: string, options: ResolveOptions) =>
      (await import("./operator-decisions.ts")).reviewResolveCommand(output, id, options),
    ),
  );
}

function addDeadLetters(program: Command, run: Run): void {
  const letters = program
    .command("dead-letters")
    .description("records that could not become payments: look at them, replay or discard them");
  letters
    .command("list")
    .description("dead letters, newest first")
    .option("--status <status>", DEAD_LETTER_STATUSES.join(", "), status)
    .option("--code <code>", "only this reason, such as platform_unknown")
    .option("--platform <id>", "only this platform's")
    .option("--limit <n>", "1 to 100", count(PAGE_MAX), 25)
    .option("--cursor <id>", "where the page before ended")
    .action(
      run(async (output, options: ListOptions) =>
        (await import("./dead-letters.ts")).listCommand(output, options),
      ),
    );
  letters
    .command("show")
    .description("one with its bytes, headers and event, and the field in which it differs")
    .argument("<id>", "the dead letter's id", uuid)
    .action(
      run(async (output, id: string) => (await import("./replay.ts")).showCommand(output, id)),
    );
  addReplay(letters, run);
  const discard = letters
    .command("discard")
    .description("close dead letters of which nothing is to become; their bytes are kept")
    .argument("<ids...>", "their ids", uuids);
  asksForReason(discard).action(
    run(async (output, ids: readonly string[], options: OperatorOptions) =>
      (await import("./dead-letters.ts")).discardCommand(output, ids, options),
    ),
  );
}

function addReplay(letters: Command, run: Run): void {
  const replay = letters
    .command("replay")
    .description("feed dead letters to the service again, once what kept them out is mended")
    .argument("[ids...]", "their ids", uuids)
    .option("--code <code>", "instead of ids: the open ones of this reason")
    .option("--platform <id>", "instead of ids: the open ones of this platform")
    .option("--all", "instead of ids: any open ones", false)
    .option("--limit <n>", "with a filter: at most so many, 1 to 500", count(REPLAY_MAX), 100)
    .option("--dry-run", "say what would happen and change nothing", false)
    .addHelpText(
      "after",
      `
Each letter's own bytes go through the same commit as a record from Kafka, and are never edited. One that is refused
again stays open, under its new reason. One that contradicts a failed payment opens that payment's next generation with
the letter's own terms; one that contradicts a payment that has not failed is refused.
Safe to repeat. Exit: 0 all replayed, 5 some were not.`,
    );
  asksForReason(replay).action(
    run(async (output, ids: readonly string[], options: ReplayOptions) =>
      (await import("./replay.ts")).replayCommand(output, ids, options),
    ),
  );
}

const DECISIONS: ReadonlyMap<string, Decision["kind"]> = new Map([
  ["recheck", "recheck"],
  ["cancel", "cancel"],
  ["confirm-paid", "confirm_paid"],
] as const);

function decision(value: string): Decision["kind"] {
  const known = DECISIONS.get(value);
  if (known) return known;
  throw new InvalidArgumentError(`Give ${[...DECISIONS.keys()].join(", ")}.`);
}

function status(value: string): DeadLetterStatus {
  const known = DEAD_LETTER_STATUSES.find((one) => one === value);
  if (known) return known;
  throw new InvalidArgumentError(`Give one of ${DEAD_LETTER_STATUSES.join(", ")}.`);
}
