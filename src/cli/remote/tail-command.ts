import { InvalidArgumentError, type Command } from "commander";
import type { LiveEvent } from "../../client/api.ts";
import { LIVE_TYPES } from "../../live/live-event.ts";
import { count, uuid } from "../operator-options.ts";
import type { Run } from "../run.ts";
import { LIST_MAX } from "./paying-commands.ts";
import { asksService } from "./service-options.ts";
import type { TailOptions } from "./tail.ts";

/** Payments as they go. */
export function addTailCommand(program: Command, run: Run): void {
  const tail = program
    .command("tail")
    .description("what becomes of payments, as it happens, until Ctrl-C")
    .option("--types <list>", `comma list of ${LIVE_TYPES.join(", ")}`, types)
    .option("--worker <id>", "only this worker's")
    .option("--payment <id>", "only this payment", uuid)
    .option(
      "--after <id>",
      "go on after this event, up to 7 days back; the end of an earlier tail says which",
    )
    .option("--limit <n>", "end after so many", count(LIST_MAX))
    .addHelpText(
      "after",
      `
Outcomes (payment.completed, payment.failed) come in order and none is missing, over broken connections too; the others are
hints, and one may be missing. With --json: a document a line. Exit: 0 ended, 4 the service is away for minutes.`,
    );
  asksService(tail).action(
    run(async (output, options: TailOptions) =>
      (await import("./tail.ts")).tailCommand(output, options),
    ),
  );
}

function types(value: string): readonly LiveEvent["type"][] {
  return value.split(",").map((name) => {
    const known = LIVE_TYPES.find((one) => one === name.trim());
    if (known) return known;
    throw new InvalidArgumentError(`Give a comma list of ${LIVE_TYPES.join(", ")}.`);
  });
}
