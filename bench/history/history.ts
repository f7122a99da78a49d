import { BURST_MS } from "../provider/bursts.ts";

/** What a service has been through before anybody measures it. */
export interface History {
  readonly payments: number;
  /** When its first send was settled; the last was just before `endMs`. */
  readonly startMs: number;
  readonly endMs: number;
  /** When its chain began: a little before. */
  readonly chainBeganAtMs: number;
}

export const PAYMENTS_PER_SEND = 20;
/** One of so many was rejected when it came in, and never sent. */
export const ONE_REJECTED_OF = 100;
export const PLATFORMS = 20;
export const WORKERS = 20_000;

const DAY_MS = 86_400_000;
const DAYS = 90;
/** `gigpay prune` has dropped the bytes of what is older, and live events are kept for as long. */
const KEPT_DAYS = 7;
const CHAIN_IS_OLDER_MS = 3_600_000;

/** Ninety days of so many payments, up to that moment, their sends at even distances. */
export function historyUntil(nowMs: number, payments: number): History {
  if (payments < 1 || payments % (PAYMENTS_PER_SEND * ONE_REJECTED_OF) !== 0) {
    throw new RangeError(`a history is of whole sends, not of ${payments} payments`);
  }
  const endMs = Math.floor(nowMs / BURST_MS) * BURST_MS;
  const startMs = endMs - DAYS * DAY_MS;
  return { payments, startMs, endMs, chainBeganAtMs: startMs - CHAIN_IS_OLDER_MS };
}

/** So much apart are two sends. */
export function sendEveryUs({ payments, startMs, endMs }: History): number {
  return Math.floor(((endMs - startMs) * 1_000 * PAYMENTS_PER_SEND) / payments);
}

/** The first send whose bytes are still there. */
export function firstKeptSend({ payments }: History): number {
  return Math.floor(((payments / PAYMENTS_PER_SEND) * (DAYS - KEPT_DAYS)) / DAYS);
}

/** Up to when `gigpay prune` has dropped. */
export function prunedBeforeMs(history: History): number {
  const { startMs } = history;
  // Between two sends, so that no rounding decides on which side one is.
  return startMs + ((firstKeptSend(history) - 0.5) * sendEveryUs(history)) / 1_000;
}

/** The block that stood at that moment on the chain of bench/rail. */
export function blockAt({ chainBeganAtMs }: Pick<History, "chainBeganAtMs">, ms: number): number {
  return Math.floor((ms - chainBeganAtMs) / BURST_MS);
}
