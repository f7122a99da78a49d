import type { Micros } from "../payment/money.ts";
import type { PaidSince } from "./read-paid.ts";

export interface Demand {
  readonly payer: string;
  readonly token: string;
  readonly amount: Micros;
}

/** What was paid for each payer in the last hour, read piece by piece: an hour of a busy service is millions of payments. */
export interface HourlyDemand {
  /** Reads what is new, or for a while of the hour before the start. */
  readMore(): Promise<void>;
  /** Undefined while the hour before the start has not been read to its end. */
  known(): readonly Demand[] | undefined;
}

const HOUR_MS = 3_600_000;
/** Pieces and time that one look may take; a full hour of a busy service is caught up with in some minutes. */
const PIECES_MAX = 20;
const READ_MS = 200;

export function createHourlyDemand(
  readSince: (since: string | null) => Promise<PaidSince>,
): HourlyDemand {
  let pieces: PaidSince[] = [];
  let isCaughtUp = false;
  return {
    async readMore() {
      const startedMs = performance.now();
      for (let piece = 0; piece < PIECES_MAX; piece += 1) {
        const read = await readSince(pieces.at(-1)?.until ?? null);
        pieces = [...pieces.filter((each) => !isOutlived(each, read)), read];
        if (!read.isPartial) isCaughtUp = true;
        if (!read.isPartial || performance.now() - startedMs > READ_MS) return;
      }
    },
    known: () => (isCaughtUp ? sumUp(pieces) : undefined),
  };
}

function isOutlived(piece: PaidSince, newest: PaidSince): boolean {
  return newest.untilMs - piece.untilMs > HOUR_MS;
}

function sumUp(pieces: readonly PaidSince[]): Demand[] {
  const sums = new Map<string, Demand>();
  for (const { payer, token, amount } of pieces.flatMap(({ paid }) => paid)) {
    const key = `${payer} ${token}`;
    sums.set(key, { payer, token, amount: (sums.get(key)?.amount ?? 0n) + amount });
  }
  return [...sums.values()];
}
