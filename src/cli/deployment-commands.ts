import { InvalidArgumentError, type Command } from "commander";
import type { OperatorOptions } from "./operator-options.ts";
import type { RestoredOptions } from "./restored.ts";
import type { Run } from "./run.ts";

type Yes = Pick<OperatorOptions, "yes">;

/** What is done to a deployment: its contract, its operators, its health. */
export function addDeploymentCommands(program: Command, run: Run): void {
  program
    .command("setup")
    .description(
      "deploy PayOnce, name the operators, approve allowances; prints what it holds no key for",
    )
    .option(
      "--admin <address>",
      "the admin of a new PayOnce (default: the deploying key's address)",
    )
    .option(
      "--allowance <amount>",
      "per platform and currency; it bounds what can ever move",
      "10000",
    )
    .action(
      run(async (output, options: { admin?: string; allowance: string }) =>
        (await import("./setup.ts")).setupCommand(output, options),
      ),
    );
  program
    .command("operators")
    .description("list PayOnce's operators, name or revoke one")
    .argument("<action>", "list, add or revoke", oneOf("list", "add", "revoke"))
    .argument("[address]", "the operator")
    .option("--yes", "do not ask; needed where nobody can be asked", false)
    .action(
      run(async (output, action: "list" | "add" | "revoke", address?: string, options?: Yes) =>
        (await import("./operators.ts")).operatorsCommand(output, action, {
          operator: address,
          yes: options?.yes ?? false,
        }),
      ),
    );
  addRestored(program, run);
  program
    .command("doctor")
    .description("look at every dependency and say what is wrong and what to do")
    .action(run(async (output) => (await import("./doctor.ts")).doctorCommand(output)));
}

function addRestored(program: Command, run: Run): void {
  program
    .command("restored")
    .description("show what a restored backup has forgotten, and confirm the way back")
    .option("--declare", "say that the database was restored, where nothing noticed", false)
    .option("--dismiss", "close it as a false alarm: nothing was restored", false)
    .option("--yes", "do it: old processes are stopped, the directory is right", false)
    .option("--reason <text>", "for the audit log")
    .action(
      run(async (output, options: RestoredOptions) =>
        (await import("./restored.ts")).restoredCommand(output, options),
      ),
    );
}

function oneOf<const T extends string>(...choices: readonly T[]) {
  return (value: string): T => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new InvalidArgumentError(`Give one of ${choices.join(", ")}.`);
    return choice;
  };
}
