import { InvalidArgumentError, type Command } from "commander";
import { DEAD_LETTER_STATUSES, type DeadLetterStatus } from "../../queries/list-dead-letters.ts";
import { asksForReason, count, uuid, uuids } from "../operator-options.ts";
import type { Run } from "../run.ts";
import type { DiscardOptions, LetterListOptions, ReplayOptions } from "./dead-letters.ts";
import { LIST_MAX } from "./paying-commands.ts";
import { asksService, type ServiceOptions } from "./service-options.ts";

/** The most that one replay takes. */
const REPLAY_MAX = 500;

/** Records that were refused. */
export function addLetterCommands(program: Command, run: Run): void {
  const letters = program
    .command("dead-letters")
    .description("records that could not become payments: look at them, replay or discard them");
  const list = letters
    .command("list")
    .description("dead letters, newest first")
    .option("--status <status>", DEAD_LETTER_STATUSES.join(", "), status)
    .option("--code <code>", "only this reason, such as platform_unknown")
    .option("--platform <id>", "only this platform's")
    .option("--limit <n>", "how many at most", count(LIST_MAX), 25);
  asksService(list).action(
    run(async (output, options: LetterListOptions) =>
      (await import("./dead-letters.ts")).letterListCommand(output, options),
    ),
  );
  const show = letters
    .command("show")
    .description("one with its bytes, headers and event, and the field in which it differs")
    .argument("<id>", "the dead letter's id", uuid);
  asksService(show).action(
    run(async (output, id: string, options: ServiceOptions) =>
      (await import("./dead-letters.ts")).letterShowCommand(output, id, options),
    ),
  );
  addReplay(letters, run);
  const discard = letters
    .command("discard")
    .description("close dead letters of which nothing is to become; their bytes are kept")
    .argument("<ids...>", "their ids", uuids);
  asksService(asksForReason(discard)).action(
    run(async (output, ids: readonly string[], options: DiscardOptions) =>
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
  asksService(asksForReason(replay)).action(
    run(async (output, ids: readonly string[], options: ReplayOptions) =>
      (await import("./dead-letters.ts")).replayCommand(output, ids, options),
    ),
  );
}

function status(value: string): DeadLetterStatus {
  const known = DEAD_LETTER_STATUSES.find((one) => one === value);
  if (known) return known;
  throw new InvalidArgumentError(`Give one of ${DEAD_LETTER_STATUSES.join(", ")}.`);
}
