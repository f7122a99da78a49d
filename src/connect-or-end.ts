import { connect } from "./connect.ts";
import type { Listening } from "./http/listen.ts";
import type { Connected } from "./stage-deps.ts";

/** Undefined where it was told to stop while it waited for a part that is away; throws where it refuses to start. */
export async function connectOrEnd(
  process: Parameters<typeof connect>[0],
  signals: Parameters<typeof connect>[1],
  served: { readonly line: AbortController; readonly listening: Listening },
): Promise<Connected | undefined> {
  try {
    return await connect(process, signals);
  } catch (error) {
    // A port that is still served would keep alive a process that has ended.
    served.line.abort();
    await Promise.all([
      served.listening.close(0),
      process.tracing.stop(process.config.SHUTDOWN_TIMEOUT_MS / 4),
    ]);
    if (!signals.starting.aborted) throw error;
    return undefined;
  }
}
