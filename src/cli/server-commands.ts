import type { Command } from "commander";
import type { Run } from "./run.ts";

/** The service itself, its schema and its settings. Each is loaded when it is called. */
export function addServerCommands(program: Command, run: Run): void {
  program
    .command("serve")
    .description("run the service until SIGTERM or Ctrl-C; a second signal ends it at once")
    .action(run(async () => (await import("./serve.ts")).serve()));
  program
    .command("migrate")
    .description("bring the database schema up to date")
    .option("--check", "change nothing; exit 5 if something is pending", false)
    .action(
      run(async (output, options: { check: boolean }) =>
        (await import("./migrate.ts")).migrateCommand(output, options),
      ),
    );
  program
    .command("config")
    .description("check the settings; --print shows them, secrets only as set or not")
    .option("--print", "print every setting", false)
    .action(
      run(async (output, options: { print: boolean }) =>
        (await import("./config.ts")).configCommand(output, options),
      ),
    );
}
