import { setTimeout as delay } from "node:timers/promises";
import { ChainRefusal } from "../chain/chain-client.ts";
import type { Wallet } from "../wallets/wallet-store.ts";
import type { BroadcastDeps } from "./broadcast.ts";
import { show } from "./show.ts";
import type { TransactionRecord } from "./transaction.ts";
import type { TransactionStore } from "./transaction-store.ts";

const SWEEP_MS = 1_000;
/** Ten blocks: a node that still has not mined it may have lost it, for instance by a restart. */
const REBROADCAST_AFTER_MS = 5_000;

interface SweepDeps extends BroadcastDeps {
  readonly store: TransactionStore;
  readonly wallets: { readonly all: () => readonly Wallet[] };
}

/** Looks after what was sent and not mined for long, for all transactions in one loop, until the signal ends it. */
export async function sweepUnmined(deps: SweepDeps): Promise<void> {
  while (!deps.signal.aborted) {
    await delay(SWEEP_MS, undefined, { signal: deps.signal }).catch(() => undefined);
    for (const wallet of deps.wallets.all()) {
      for (const record of deps.store.pendingOf(wallet.id)) {
        await lookAfter(deps, record).catch(() => undefined);
      }
    }
  }
}

async function lookAfter(deps: SweepDeps, record: TransactionRecord): Promise<void> {
  const { state, updatedAtMs } = record.progress;
  const ageMs = Date.now() - updatedAtMs;
  if (state !== "SENT" || record.isForced) return;
  if (ageMs > deps.settings.stuckAfterMs) return show(deps, record, { state: "STUCK" });
  if (ageMs < REBROADCAST_AFTER_MS) return;
  for (const { hash, raw, isBroadcast } of record.sent.slice()) {
    if (!isBroadcast || raw === undefined || (await deps.blocks.lookUp(hash))) continue;
    await deps.chain.sendRaw(raw).catch((error: unknown) => {
      if (!(error instanceof ChainRefusal)) throw error;
    });
  }
}
