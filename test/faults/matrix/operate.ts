import { fileURLToPath } from "node:url";
import { startCommand } from "./armed-command.ts";
import { logsOf } from "./logs.ts";
import type { Stage } from "./stage.ts";

export const OPERATOR = fileURLToPath(new URL("./operator-main.ts", import.meta.url));

/** One deed of an operator beside the service, to its end. Throws what went wrong. */
export async function operate(
  { settings }: Stage,
  cell: string,
  deed: string,
  paymentId?: string,
): Promise<void> {
  const args = [OPERATOR, deed, ...(paymentId === undefined ? [] : [paymentId])];
  const logPath = `${logsOf(cell)}/${deed}.log`;
  const { ended, lines } = startCommand({ args, env: settings, logPath });
  const exit = await ended;
  if (exit.code !== 0) throw new Error(`${deed}: ${JSON.stringify(exit)} ${lines.join("\n")}`);
}
