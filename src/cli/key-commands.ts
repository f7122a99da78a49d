import { InvalidArgumentError, type Command } from "commander";
import { isOpaqueId } from "../payment/ids.ts";
import { SCOPES, type Scope } from "../keys/scopes.ts";
import type { CreateKeyOptions, RevokeKeyOptions } from "./keys.ts";
import { asksForReason, count } from "./operator-options.ts";
import type { Run } from "./run.ts";

const DAYS_MAX = 3_650;
const ACTOR = "who; kept in the audit log (default: the OS user)";

/** Keys of the HTTP API; on the database, since nobody may mint one over HTTP. */
export function addKeyCommands(program: Command, run: Run): void {
  const keys = program.command("keys").description("keys of the HTTP API: mint, list, revoke");
  keys
    .command("create")
    .description("mint a key; its token is shown once and kept nowhere")
    .requiredOption("--name <name>", "who uses it; the actor in the audit log", visible)
    .requiredOption("--scopes <list>", `comma list of ${SCOPES.join(", ")}`, scopes)
    .option("--platform <id>", "only this platform's objects (default: all platforms)", visible)
    .option("--expires-in-days <n>", "default: does not expire", count(DAYS_MAX))
    .option("--reason <text>", "kept in the audit log", "")
    .option("--actor <name>", ACTOR, visible)
    .addHelpText(
      "after",
      `
The token alone goes to stdout, so that a script can keep it: TOKEN=$(gigpay keys create …).
  payments:write   pay, keep tasks          payments:read     see payments, workers, tasks, platforms
  directory:write  platforms and workers    webhooks:manage   webhook endpoints and deliveries
  operate          retry, resolve, dead letters, pause, audit
Only a key for all platforms may create platforms and workers, or pause everything.`,
    )
    .action(
      run(async (output, options: CreateKeyOptions) =>
        (await import("./keys.ts")).createKeyCommand(output, options),
      ),
    );
  keys
    .command("list")
    .description("every key there ever was, newest first, without what opens anything")
    .action(run(async (output) => (await import("./keys.ts")).listKeysCommand(output)));
  const revoke = keys
    .command("revoke")
    .description("end a key for good")
    .argument("<id>", "the key's id, as keys list shows it", keyId)
    .option("--actor <name>", ACTOR, visible);
  asksForReason(revoke).action(
    run(async (output, id: string, options: RevokeKeyOptions) =>
      (await import("./keys.ts")).revokeKeyCommand(output, id, options),
    ),
  );
}

function visible(value: string): string {
  if (isOpaqueId(value)) return value;
  throw new InvalidArgumentError("Give 1 to 128 visible characters.");
}

function keyId(value: string): string {
  if (/^[0-9a-f]{16}$/.test(value)) return value;
  throw new InvalidArgumentError("Give a key's id: 16 hex digits.");
}

function scopes(value: string): readonly Scope[] {
  return value.split(",").map((name) => {
    const scope = SCOPES.find((one) => one === name.trim());
    if (scope) return scope;
    throw new InvalidArgumentError(`Give a comma list of ${SCOPES.join(", ")}.`);
  });
}
