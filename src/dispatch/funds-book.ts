import type { Micros } from "../payment/money.ts";
import { createWake, type Wake } from "../wake.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import { pairKey } from "./due-queues.ts";
import type { PayerFunds } from "./rail.ts";

/** A payer's funds of one token, as last read. */
export interface KnownFunds {
  readonly payer: string;
  readonly token: string;
  readonly funds: PayerFunds;
  /** min(balance, allowance); nothing while the token blocks the payer. */
  readonly spendable: Micros;
  readonly ageMs: number;
}

/** What dispatch knows of payers' funds; read beside it, so that no payment waits for a node. */
export interface FundsBook {
  /** Undefined while it must be read first, or is put off. Asking keeps it being read for a minute. */
  look(payer: string, token: string): KnownFunds | undefined;
  /** Leaves it alone until its funds were read again: about a second. */
  putOff(payer: string, token: string): void;
  /** Whether it was asked for within the last minute. */
  isWatched(payer: string, token: string): boolean;
  /** Reads until the signal aborts; rings dispatch's bell when an unknown or put-off payer was read. */
  run(signal: AbortSignal): Promise<void>;
}

/** What an active payer's funds may lag behind the chain; a payer who was funded waits no longer than this. */
const READ_EVERY_MS = 1_000;
/** Older than this (the node is away) it is as good as unknown: what is sent then may only be refused. */
const STALE_AFTER_MS = 10_000;
/** A payer who has nothing due for so long costs no more readings. */
const FORGET_AFTER_MS = 60_000;
const READ_TIMEOUT_MS = 5_000;
/** Pairs per reading, so that one call stays one call. */
const PAIRS_PER_READ = 500;

interface Entry {
  readonly payer: string;
  readonly token: string;
  known: { readonly funds: PayerFunds; readonly readAtMs: number } | undefined;
  /** When it was last tried to be read; the longest ago goes first. */
  triedAtMs: number;
  askedAtMs: number;
  isPutOff: boolean;
}

interface Book {
  readonly deps: Pick<DispatchDeps, "funds" | "log" | "wake">;
  readonly entries: Map<string, Entry>;
  readonly asked: Wake;
  isFailing: boolean;
}

export function createFundsBook(deps: Book["deps"]): FundsBook {
  const book: Book = { deps, entries: new Map(), asked: createWake(), isFailing: false };
  return {
    look: (payer, token) => look(book, payer, token),
    putOff(payer, token) {
      entryOf(book, payer, token).isPutOff = true;
    },
    isWatched: (payer, token) => book.entries.has(pairKey({ payer, token })),
    async run(signal) {
      while (!signal.aborted) {
        forgetIdle(book);
        await readOutdated(book, signal);
        await book.asked.heard(READ_EVERY_MS, signal);
      }
    },
  };
}

function look(book: Book, payer: string, token: string): KnownFunds | undefined {
  const entry = entryOf(book, payer, token);
  entry.askedAtMs = performance.now();
  if (!entry.known) {
    if (entry.triedAtMs === 0) book.asked.ring();
    return undefined;
  }
  const { funds, readAtMs } = entry.known;
  const ageMs = performance.now() - readAtMs;
  if (entry.isPutOff || ageMs > STALE_AFTER_MS) return undefined;
  return { payer, token, funds, spendable: spendable(funds), ageMs };
}

function entryOf(book: Book, payer: string, token: string): Entry {
  const key = pairKey({ payer, token });
  const fresh = { known: undefined, triedAtMs: 0, askedAtMs: performance.now(), isPutOff: false };
  const entry = book.entries.get(key) ?? { payer, token, ...fresh };
  book.entries.set(key, entry);
  return entry;
}

async function readOutdated(book: Book, signal: AbortSignal): Promise<void> {
  const now = performance.now();
  const wanted = [...book.entries.values()]
    .filter((entry) => entry.triedAtMs === 0 || now - entry.triedAtMs >= READ_EVERY_MS * 0.9)
    .sort((one, other) => one.triedAtMs - other.triedAtMs)
    .slice(0, PAIRS_PER_READ);
  if (wanted.length === 0 || signal.aborted) return;
  for (const entry of wanted) entry.triedAtMs = now;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
    const pairs = wanted.map(({ payer, token }) => ({ payer, token }));
    const answers = await book.deps.funds.read(pairs, limit);
    book.isFailing = false;
    // Its age counts from before the call: what is mined while it runs is not in its answer.
    wanted.forEach((entry, i) => note(book, entry, answers[i], now));
  } catch (error) {
    if (signal.aborted) return;
    if (!book.isFailing) book.deps.log.warn({ err: error }, "payers' funds cannot be read");
    book.isFailing = true;
  }
}

function note(book: Book, entry: Entry, funds: PayerFunds | undefined, readAtMs: number): void {
  if (!funds) return;
  const isNews = entry.known === undefined || entry.isPutOff;
  entry.known = { funds, readAtMs };
  entry.isPutOff = false;
  if (isNews) book.deps.wake.ring();
}

function forgetIdle({ entries }: Book): void {
  const before = performance.now() - FORGET_AFTER_MS;
  for (const [key, entry] of entries) if (entry.askedAtMs < before) entries.delete(key);
}

function spendable({ balance, allowance, blocked }: PayerFunds): Micros {
  if (blocked) return 0n;
  return balance < allowance ? balance : allowance;
}
