import { circleError } from "../api/circle-error.ts";
import { isTerminal, type TransactionRecord } from "./transaction.ts";

/** Transactions kept; beyond that the oldest that are over are dropped. */
const RECORDS_MAX = 20_000;

/** The filters of listTransactions; undefined matches all. */
interface TransactionFilter {
  readonly walletIds?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly txHash?: string | undefined;
  readonly destinationAddress?: string | undefined;
  readonly operation?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

export interface Page {
  readonly order: "ASC" | "DESC";
  readonly size: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export interface TransactionStore {
  add(record: TransactionRecord): void;
  /** Throws 156003. */
  get(id: string): TransactionRecord;
  /** Throws 156012 for a cursor that is not there. */
  list(filter: TransactionFilter, page: Page): TransactionRecord[];
  /** The wallet's transactions that are not terminal, oldest first. */
  pendingOf(walletId: string): TransactionRecord[];
  all(): readonly TransactionRecord[];
}

export function createTransactionStore(): TransactionStore {
  const records: TransactionRecord[] = [];
  const byId = new Map<string, TransactionRecord>();
  const unfinished = new Map<string, Set<TransactionRecord>>();

  const drop = () => {
    const index = records.findIndex(isTerminal);
    if (index < 0) return;
    for (const gone of records.splice(index, 1)) byId.delete(gone.id);
  };

  return {
    add(record) {
      records.push(record);
      byId.set(record.id, record);
      const ofWallet = unfinished.get(record.wallet.id) ?? new Set();
      unfinished.set(record.wallet.id, ofWallet.add(record));
      if (records.length > RECORDS_MAX) drop();
    },
    get(id) {
      const record = byId.get(id);
      if (record === undefined) throw circleError(156003);
      return record;
    },
    list(filter, { order, size, before, after }) {
      const cursor = before ?? after;
      if (cursor !== undefined && !byId.has(cursor)) throw circleError(156012);
      // Newest first is the usual reading; only its first page is ever walked.
      const step = order === "ASC" ? 1 : -1;
      const start = step === 1 ? 0 : records.length - 1;
      const page: TransactionRecord[] = [];
      let isInside = after === undefined;
      for (let at = start; at >= 0 && at < records.length; at += step) {
        const record = records[at];
        if (record === undefined || record.id === before) break;
        if (step === -1 && record.createdAtMs < (filter.fromMs ?? 0)) break;
        if (isInside && matches(record, filter)) page.push(record);
        // Before a cursor the last items count, after it the first.
        if (page.length > size) page.shift();
        if (before === undefined && page.length === size) break;
        if (record.id === after) isInside = true;
      }
      return page;
    },
    pendingOf(walletId) {
      const ofWallet = unfinished.get(walletId) ?? new Set();
      for (const record of ofWallet) if (isTerminal(record)) ofWallet.delete(record);
      return [...ofWallet];
    },
    all: () => records,
  };
}

function matches(record: TransactionRecord, filter: TransactionFilter): boolean {
  const { wallet, request, progress, createdAtMs } = record;
  const is = (wanted: string | undefined, actual: string | undefined) =>
    wanted === undefined || wanted.toLowerCase() === actual?.toLowerCase();
  return (
    (filter.walletIds === undefined || filter.walletIds.includes(wallet.id)) &&
    is(filter.state, progress.state) &&
    is(filter.txHash, progress.txHash) &&
    is(filter.destinationAddress, request.destinationAddress) &&
    is(filter.operation, request.operation) &&
    createdAtMs >= (filter.fromMs ?? 0) &&
    createdAtMs <= (filter.toMs ?? Number.POSITIVE_INFINITY)
  );
}
