import { databaseTime, type ClockReading } from "../payment/database-time.ts";
import type { FollowedBlock, FoundPaid, PayOnceLog } from "../payment/pay-once-log.ts";
import type { PlacedLog, SeenLog } from "./judge-logs.ts";

/** A log with when this process met its block. */
export type ReadLog = PlacedLog & Pick<FollowedBlock, "headAtMs" | "readAtMs">;

/** The logs of blocks, in log order, each with its block. */
export function placeLogs(blocks: readonly FollowedBlock[]): ReadLog[] {
  return blocks.flatMap(({ header, logs, headAtMs, readAtMs }) =>
    logs.map((log) => ({
      log: readable(log),
      blockNumber: header.number,
      blockHash: header.hash,
      headAtMs,
      readAtMs,
    })),
  );
}

/** Puts logs that were found late before those that are settled now: that is where they stand on chain. */
export function placeFound(found: readonly FoundPaid[], places: readonly ReadLog[]): ReadLog[] {
  const { headAtMs, readAtMs } = places[0] ?? { headAtMs: Infinity, readAtMs: Infinity };
  const late = found.map(({ header, log }): ReadLog => {
    return { log, blockNumber: header.number, blockHash: header.hash, headAtMs, readAtMs };
  });
  return [...late, ...places];
}

/** The same by the database's clock, which the transaction has read. */
export function seenLogs(places: readonly ReadLog[], clock: ClockReading): SeenLog[] {
  return places.map(({ headAtMs, readAtMs, ...place }) => ({
    ...place,
    followedAt: databaseTime(clock, headAtMs),
    logsReadAt: databaseTime(clock, readAtMs),
  }));
}

/** A token may put any bytes into its reason; Postgres takes no NUL, and people read no control characters. */
function readable(log: PayOnceLog): PayOnceLog {
  if (log.kind !== "refused") return log;
  const text = log.reason.text.toWellFormed().replaceAll(/\p{Cc}/gu, "?");
  return { ...log, reason: { ...log.reason, text } };
}
