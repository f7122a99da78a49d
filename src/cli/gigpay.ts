#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning --max-semi-space-size=12 --max-old-space-size=192
import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { completionScript } from "./completion.ts";
import { addDeploymentCommands } from "./deployment-commands.ts";
import { addKeyCommands } from "./key-commands.ts";
import { addLedgerCommands } from "./ledger-commands.ts";
import { addLetterCommands } from "./remote/letter-commands.ts";
import { addOperatingCommands } from "./remote/operating-commands.ts";
import { addPayingCommands } from "./remote/paying-commands.ts";
import { addWebhookCommands } from "./remote/webhook-commands.ts";
import { addTailCommand } from "./remote/tail-command.ts";
import { addServerCommands } from "./server-commands.ts";
import { addWatchingCommands } from "./watching-commands.ts";
import { EXIT, exitCodeOf, explain, type ExitCode } from "./exit.ts";
import type { Run } from "./run.ts";

/** Runs one command line and answers its exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const program = new Command("gigpay")
    .description("GigStream Payments: pays gig workers in USDC on Arc, each task exactly once.")
    .option("--settings <path>", "read settings from this file first (default: .env, if there)")
    .option("--json", "JSON on stdout, and nothing else there: one document, or one a line", false)
    .exitOverride()
    .showHelpAfterError("(gigpay --help lists the commands)")
    .addHelpText("after", "\nSettings: docs/configuration.md. Exit codes: docs/cli.md.");
  const run: Run =
    (command) =>
    async (...args) => {
      const { settings, json } = program.opts<{ settings?: string; json: boolean }>();
      loadEnvFile(settings);
      exitCode = await command({ json }, ...args);
    };
  program.commandsGroup("Payments, over HTTP (GIGPAY_URL, GIGPAY_API_KEY_FILE):");
  addPayingCommands(program, run);
  addTailCommand(program, run);
  program.commandsGroup("What needs a person, over HTTP:");
  addOperatingCommands(program, run);
  addLetterCommands(program, run);
  addWebhookCommands(program, run);
  program.commandsGroup("Beside the service, with its settings:");
  addServerCommands(program, run);
  addDeploymentCommands(program, run);
  addKeyCommands(program, run);
  addLedgerCommands(program, run);
  addWatchingCommands(program, run);
  program
    .command("completion")
    .description("print a script that completes commands and options in bash and zsh")
    .addHelpText(
      "after",
      "\nsource <(gigpay completion); in zsh first: autoload -U +X bashcompinit && bashcompinit",
    )
    .action(() => void process.stdout.write(completionScript(program)));

  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    process.stderr.write(`gigpay: ${explain(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Settings already in the environment win over the file. */
function loadEnvFile(path: string | undefined): void {
  if (path !== undefined) process.loadEnvFile(path);
  else if (existsSync(".env")) process.loadEnvFile(".env");
}

if (import.meta.main) {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever reads the first lines of a list only has what they wanted.
    if (error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
  process.exitCode = await main(process.argv);
}
