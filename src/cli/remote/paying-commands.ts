import { InvalidArgumentError, type Command } from "commander";
import type { PaymentState } from "../../client/api.ts";
import { PAYMENT_STATES } from "../../payment/state.ts";
import { count, uuid, wholeSeconds } from "../operator-options.ts";
import type { Run } from "../run.ts";
import type { BulkOptions } from "./bulk.ts";
import type { PaymentListOptions } from "./look.ts";
import type { PayOptions } from "./pay.ts";
import { asksService, type ServiceOptions } from "./service-options.ts";

/** The most that one list shows. */
export const LIST_MAX = 100_000;

/** Paying, and seeing what became of it. */
export function addPayingCommands(program: Command, run: Run): void {
  addPay(program, run);
  addBulk(program, run);
  const get = program
    .command("get")
    .description("show one payment with its stages, attempts and trace")
    .argument("<id>", "the payment's id", uuid)
    .addHelpText(
      "after",
      "\nExit: 0 completed, 7 failed, 8 waiting or in doubt (do not pay again).",
    );
  asksService(get).action(
    run(async (output, id: string, options: ServiceOptions) =>
      (await import("./look.ts")).getCommand(output, id, options),
    ),
  );
  addList(program, run);
  const worker = program
    .command("worker")
    .description("what a worker has earned: sums, the newest payments, the wallet's balance")
    .argument("<id>", "the worker's id");
  asksService(worker).action(
    run(async (output, id: string, options: ServiceOptions) =>
      (await import("./look.ts")).workerCommand(output, id, options),
    ),
  );
}

function addPay(program: Command, run: Run): void {
  const pay = program
    .command("pay")
    .description("pay the worker of a completed task, once")
    .requiredOption("--platform <id>", "who pays")
    .requiredOption("--task <id>", "what was done; it is paid once")
    .requiredOption("--worker <id>", "who gets the money")
    .requiredOption("--amount <decimal>", "before the fee, at most 6 decimals")
    .option("--currency <code>", "USDC or EURC", "USDC")
    .option("--idempotency-key <key>", "default: derived from task and worker")
    .option("--wait <seconds>", "wait for the outcome", wholeSeconds, 0)
    .option("--yes", "do not ask; needed where nobody can be asked", false)
    .addHelpText(
      "after",
      `
  gigpay pay --platform acme --task task-1 --worker amy --amount 50.00 --wait 5 --yes

Safe to repeat: the same task with the same content is the same payment. With other content it is refused.
Exit: 0 the worker has the money, 7 failed (nothing moved), 8 on its way or in doubt: do not pay by other means.`,
    );
  asksService(pay).action(
    run(async (output, options: PayOptions) =>
      (await import("./pay.ts")).payCommand(output, options),
    ),
  );
}

function addBulk(program: Command, run: Run): void {
  const bulk = program
    .command("bulk")
    .description("pay every line of a file")
    .argument("<file>", "one JSON object a line")
    .option("--dry-run", "read the file, say what it comes to and send nothing", false)
    .option("--yes", "do not ask; needed where nobody can be asked", false)
    .addHelpText(
      "after",
      `
A line: {"platformId":"acme","taskId":"task-1","workerId":"amy","amount":"50.00","currency":"USDC"}
        and, where wanted, "idempotencyKey", "eventId", "occurredAt"

The whole file is read first: one line that cannot be read, and nobody is paid. Then 500 lines a request; each line has an
outcome of its own. Where it breaks off, run it again: what was accepted is a duplicate then. gigpay list --bulk ID shows
what became of a request's lines. With --json: a document for each line; without, those that need a look.
Exit: 0 all accepted (not yet paid), 5 some were rejected, 7 some have failed, 8 it broke off in doubt.`,
    );
  asksService(bulk).action(
    run(async (output, file: string, options: BulkOptions) =>
      (await import("./bulk.ts")).bulkCommand(output, file, options),
    ),
  );
}

function addList(program: Command, run: Run): void {
  const list = program
    .command("list")
    .description("list payments, newest first; with --json a document a line")
    .option("--state <state>", PAYMENT_STATES.join(", "), state)
    .option("--platform <id>", "only this platform's")
    .option("--worker <id>", "only this worker's")
    .option("--task <id>", "only of this task")
    .option("--bulk <id>", "only those of one bulk", uuid)
    .option("--idempotency-key <key>", "only with this key")
    .option("--tx <hash>", "only those that this transaction paid")
    .option("--from <time>", "accepted at or after, such as 2026-03-01T00:00:00Z")
    .option("--to <time>", "accepted before")
    .option("--limit <n>", "how many at most", count(LIST_MAX), 25);
  asksService(list).action(
    run(async (output, options: PaymentListOptions) =>
      (await import("./look.ts")).listCommand(output, options),
    ),
  );
}

function state(value: string): PaymentState {
  const known = PAYMENT_STATES.find((one) => one === value);
  if (known) return known;
  throw new InvalidArgumentError(`Give one of ${PAYMENT_STATES.join(", ")}.`);
}
