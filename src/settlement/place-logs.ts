import type { FollowedBlock, FoundPaid, PayOnceLog } from "../payment/pay-once-log.ts";
import type { PlacedLog } from "./judge-logs.ts";

/** The logs of blocks, in log order, each with its block. */
export function placeLogs(blocks: readonly FollowedBlock[]): PlacedLog[] {
  return blocks.flatMap(({ header, logs, receivedAt }) =>
    logs.map((log) => ({
      log: readable(log),
      blockNumber: header.number,
      blockHash: header.hash,
      receivedAt,
    })),
  );
}

/** Puts logs that were found late before those that are settled now: that is where they stand on chain. */
export function placeFound(found: readonly FoundPaid[], places: readonly PlacedLog[]): PlacedLog[] {
  const receivedAt = places[0]?.receivedAt ?? new Date(0);
  const late = found.map(({ header, log }): PlacedLog => {
    return { log, blockNumber: header.number, blockHash: header.hash, receivedAt };
  });
  return [...late, ...places];
}

/** A token may put any bytes into its reason; Postgres takes no NUL, and people read no control characters. */
function readable(log: PayOnceLog): PayOnceLog {
  if (log.kind !== "refused") return log;
  const text = log.reason.text.toWellFormed().replaceAll(/\p{Cc}/gu, "?");
  return { ...log, reason: { ...log.reason, text } };
}
