import { z } from "zod";
import { bounded, type CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { circleTransaction, type CircleTransaction } from "./report-state.ts";

const PAGE_SIZE = 50;
/** 12 in flight per wallet and a few wallets fit into one page; the bound is for the day after an outage. */
const PAGES_MAX = 10;

export interface ListDeps {
  readonly client: CircleClient;
  readonly gets: Pacer;
}

/** Circle's word on the transactions of these wallets since `from`, newest first: one list for all that is in flight. */
export async function listSends(
  deps: ListDeps,
  walletIds: readonly string[],
  from: Date,
  signal: AbortSignal,
): Promise<Map<string, CircleTransaction>> {
  const found = new Map<string, CircleTransaction>();
  let pageAfter: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    await deps.gets.take(signal);
    const { data } = await bounded(
      deps.client.listTransactions({
        walletIds: [...walletIds],
        from: from.toISOString(),
        pageSize: PAGE_SIZE,
        ...(pageAfter !== undefined && { pageAfter }),
      }),
      signal,
    );
    const transactions = z.array(circleTransaction).parse(data?.transactions ?? []);
    for (const transaction of transactions) found.set(transaction.id, transaction);
    pageAfter = transactions.at(-1)?.id;
    if (transactions.length < PAGE_SIZE) break;
  }
  return found;
}
