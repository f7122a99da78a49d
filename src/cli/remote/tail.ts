import type { LiveEvent } from "../../client/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { printDocument, type Output } from "../output.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface TailOptions extends ServiceOptions {
  readonly types?: readonly LiveEvent["type"][];
  readonly worker?: string;
  readonly payment?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** Prints what becomes of payments as it happens, until Ctrl-C or so many events; over broken connections too. */
export async function tailCommand(output: Output, options: TailOptions): Promise<ExitCode> {
  const { types, worker: workerId, payment: paymentId, after, limit = Infinity } = options;
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  return withClient(output, options, async (client) => {
    const filter = { types, workerId, paymentId };
    const from = { lastEventId: after, signal: ending.signal };
    let last: string | null = null;
    let told = 0;
    try {
      for await (const { id, event } of client.events(filter, from)) {
        printDocument(output, event, () => eventLine(event));
        last = id ?? last;
        told += 1;
        if (told >= limit) break;
      }
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
      if (last !== null) process.stderr.write(`gigpay: --after ${last} goes on from here\n`);
    }
    return EXIT.done;
  });
}

function eventLine(event: LiveEvent): string {
  const { at, type, paymentId, amount, currency, workerId, taskId, platformId } = event;
  const { latencyMs, failure, doubtReason } = event;
  const what = `${amount} ${currency} to ${workerId} for ${taskId} of ${platformId}`;
  const how = [
    latencyMs === null ? "" : `in ${latencyMs} ms`,
    failure ? `${failure.code}: ${failure.message}` : "",
    doubtReason ?? "",
  ];
  return [at, type.padEnd(17), paymentId, what, ...how].filter((part) => part !== "").join("  ");
}
