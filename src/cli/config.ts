import { describeConfig, loadConfig } from "../config.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { printDocument, table, type Output } from "./output.ts";

export async function configCommand(
  output: Output,
  options: { print: boolean },
): Promise<ExitCode> {
  loadConfig();
  const settings = describeConfig();
  if (options.print) printDocument(output, settings, () => table(Object.entries(settings)));
  else printDocument(output, { valid: true }, () => "the settings are complete");
  return EXIT.done;
}
