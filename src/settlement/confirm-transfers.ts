import type { Terms } from "../payment/evidence.ts";
import type { TransferReceipt, TransferSearch } from "../payment/transfer-log.ts";
import { readOpenTransfers, type OpenTransfer } from "./read-transfers.ts";
import type { SettleDeps } from "./settle-logs.ts";
import { settleTransfer } from "./settle-transfer.ts";

/** The chain, asked about transfers. Both throw `PaymentError` (retry) where no node could answer. */
export interface TransferReader {
  receipt(txHash: string): Promise<TransferReceipt>;
  /** Transfers of exactly these terms since a moment. */
  search(terms: Terms, since: Date): Promise<TransferSearch>;
}

export interface ConfirmDeps extends SettleDeps {
  readonly transfers: TransferReader;
}

const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";
const AT_ONCE = 8;
/** The database's clock, the nodes' and Circle's differ by less; a search that begins early finds nothing more. */
const CLOCK_SLACK_MS = 30_000;
/** What is in doubt for long is no longer looked at in every round. */
const YOUNG_MS = 120_000;
const OLD_EVERY_MS = 10_000;

/**
 * Turns Circle's word into evidence: reads the receipts of the hashes that it names, searches the chain where it says
 * that nothing moved, and settles what is certain. Each call looks at the next part of the open transfers, round and
 * round; a transfer that could not be looked at is met again. Answers how many were settled. Safe on any instance.
 */
export function createTransferConfirmation(deps: ConfirmDeps): () => Promise<number> {
  let after = BEFORE_ALL;
  const lookedAtMs = new Map<string, number>();
  return async () => {
    const { transfers, isEnd } = await readOpenTransfers(deps.pool, after);
    after = isEnd ? BEFORE_ALL : (transfers.at(-1)?.id ?? BEFORE_ALL);
    const due = transfers.filter((transfer) => isDue(transfer, lookedAtMs));
    let settled = 0;
    for (let from = 0; from < due.length; from += AT_ONCE) {
      const looks = due.slice(from, from + AT_ONCE).map((transfer) => confirm(deps, transfer));
      for (const look of await Promise.allSettled(looks)) {
        if (look.status === "rejected") throw look.reason;
        if (look.value) settled += 1;
      }
    }
    if (isEnd && transfers.length === 0) lookedAtMs.clear();
    return settled;
  };
}

function isDue({ id, createdAt }: OpenTransfer, lookedAtMs: Map<string, number>): boolean {
  if (Date.now() - createdAt.getTime() < YOUNG_MS) return true;
  const nowMs = performance.now();
  if (nowMs - (lookedAtMs.get(id) ?? -Infinity) < OLD_EVERY_MS) return false;
  lookedAtMs.set(id, nowMs);
  return true;
}

async function confirm(deps: ConfirmDeps, transfer: OpenTransfer): Promise<boolean> {
  const { hashes, terms, end, createdAt } = transfer;
  const lookedAtMs = performance.now();
  const receipts = await Promise.all(hashes.map((hash) => deps.transfers.receipt(hash)));
  const isProven = receipts.some((found) => found.kind === "mined" && found.transfers.length > 0);
  const search =
    end && !isProven
      ? await deps.transfers.search(terms, new Date(createdAt.getTime() - CLOCK_SLACK_MS))
      : null;
  const readings = { receipts, search, lookedAtMs, readAtMs: performance.now() };
  const kind = await settleTransfer(deps, transfer, readings);
  return kind === "complete" || kind === "fail" || kind === "retry" || kind === "wait";
}
