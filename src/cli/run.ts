import type { ExitCode } from "./exit.ts";
import type { Output } from "./output.ts";

/** Turns a command into what commander calls: reads the settings file first, keeps the exit code after. */
export type Run = <A extends unknown[]>(
  command: (output: Output, ...args: A) => Promise<ExitCode>,
) => (...args: A) => Promise<void>;
