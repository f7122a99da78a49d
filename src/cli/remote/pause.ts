import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange, type OperatorOptions } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface PauseOptions extends ServiceOptions, OperatorOptions {
  readonly platform?: string;
}

/**
 * Stops or resumes the forming of new sends, for everything or one platform. What was sent is followed and settled all
 * the same. All instances notice within half a second. Exit 5 if it already stands as asked, or there is no such platform.
 */
export async function pauseCommand(
  output: Output,
  action: "pause" | "resume",
  options: PauseOptions,
): Promise<ExitCode> {
  const { platform, reason } = options;
  const what = platform === undefined ? "everything" : `platform ${platform}`;
  await confirmChange(options, `${action === "pause" ? "Pause" : "Resume"} ${what}`);
  return withClient(output, options, async (client) => {
    const body = { reason };
    const { body: pausing } =
      platform === undefined
        ? await client.call(`${action}All`, { body })
        : await client.call(`${action}Platform`, { path: { id: platform }, body });
    const { state, changed } = pausing;
    printDocument(
      output,
      pausing,
      () => `${what} ${changed ? "is" : "was"} ${state}${changed ? "" : " already"}`,
    );
    return changed ? EXIT.done : EXIT.refused;
  });
}
