import { EVERYTHING, pause, resume } from "../dispatch/pause.ts";
import { PaymentError } from "../errors.ts";
import { createLog } from "../log.ts";
import { hasPlatform } from "../queries/has-platform.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { confirmChange, orderOf, type OperatorOptions } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";

export interface PauseOptions extends OperatorOptions {
  readonly platform?: string;
}

/**
 * Stops or resumes the forming of new sends, for everything or one platform. What was sent is followed and settled all
 * the same. Running instances notice within half a second. Exit 5 if it already stands as asked, or the directory has no
 * such platform: a pause under a mistyped name would stop nothing.
 */
export async function pauseCommand(
  output: Output,
  action: "pause" | "resume",
  options: PauseOptions,
): Promise<ExitCode> {
  const { platform } = options;
  const { reason, actor } = orderOf(options);
  const scope = platform ?? EVERYTHING;
  const what = platform === undefined ? "everything" : `platform ${platform}`;
  await confirmChange(options, `${action === "pause" ? "Pause" : "Resume"} ${what}`);
  const log = createLog({ level: "silent", instanceId: "gigpay" });
  const changed = await withDatabase(async (database) => {
    if (platform !== undefined && !(await hasPlatform(database, platform))) {
      throw new PaymentError("OPERATION_REFUSED", "reject", `There is no platform ${platform}.`);
    }
    return action === "pause"
      ? pause({ database, log }, scope, reason, actor)
      : resume({ database, log, wake: { ring: () => undefined } }, scope, reason, actor);
  });
  const state = action === "pause" ? "paused" : "not paused";
  printDocument(output, { scope, changed, state }, () =>
    changed ? `${what} is ${state}` : `${what} was ${state} already`,
  );
  return changed ? EXIT.done : EXIT.refused;
}
