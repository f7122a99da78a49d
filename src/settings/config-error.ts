import { PaymentError } from "../errors.ts";
import type { Problem } from "./read-settings.ts";

/** Lists every wrong setting, so that an operator mends all of them at once. */
export function configError(problems: readonly Problem[]): PaymentError {
  const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
  const width = Math.max(...problems.map(({ name }) => name.length));
  const lines = problems.map(({ name, text }) => `  ${name.padEnd(width)}  ${text}`);
  return new PaymentError(
    "CONFIG_INVALID",
    "reject",
    [`${count} wrong. Nothing was started.`, ...lines, "  Help: docs/configuration.md"].join("\n"),
  );
}
