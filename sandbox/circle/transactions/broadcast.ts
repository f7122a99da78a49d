import { setTimeout as delay } from "node:timers/promises";
import { formatUnits } from "viem";
import type { BlockLoop } from "../chain/block-loop.ts";
import { ChainRefusal, type ChainClient, type Receipt } from "../chain/chain-client.ts";
import type { BeforeBroadcast, SignedTransaction } from "../chain/wallet-sender.ts";
import type { Settings } from "../control/settings.ts";
import { countExecution, type Stats } from "../control/stats.ts";
import type { Random } from "../random.ts";
import { failureOf, type Prepared } from "./prepare.ts";
import { show, type ShowDeps } from "./show.ts";
import { dropBytes, type SentTransaction, type TransactionRecord } from "./transaction.ts";

export interface BroadcastDeps extends ShowDeps {
  readonly settings: Settings;
  readonly random: Random;
  readonly chain: ChainClient;
  readonly blocks: BlockLoop;
  readonly stats: Stats;
  readonly signal: AbortSignal;
}

/** Sends a transaction for the first time, and once more where a fault doubles it. A node's refusal ends it as FAILED. */
export async function send(
  deps: BroadcastDeps,
  record: TransactionRecord,
  { gas, estimatedFee }: Prepared,
): Promise<void> {
  record.isBeyondRecall = true;
  const { call } = record;
  const { sender } = record.wallet;
  const sendAs = (kind: SentTransaction["kind"]) =>
    broadcastAs(deps, record, kind, (before) => sender.send(call, gas, before));
  try {
    const { hash } = await sendAs("original");
    showSent(deps, record, { txHash: hash, ...(estimatedFee ? { estimatedFee } : {}) });
  } catch (error) {
    show(deps, record, { state: "FAILED", ...failureOf(error) });
    return;
  }
  if (record.plan.isTwice) await sendAs("duplicate");
}

/** Watches for the bytes before they leave and counts them once the node took them; forgets them if it refuses. */
export async function broadcastAs(
  deps: BroadcastDeps,
  record: TransactionRecord,
  kind: SentTransaction["kind"],
  transmit: (before: BeforeBroadcast) => Promise<SignedTransaction>,
): Promise<SignedTransaction> {
  let tracked: SentTransaction | undefined;
  const untrack = () => {
    if (tracked === undefined) return;
    deps.blocks.unwatch(tracked.hash);
    record.sent.splice(record.sent.indexOf(tracked), 1);
  };
  try {
    const sent = await transmit(async (signed) => {
      untrack();
      tracked = { ...signed, kind, isBroadcast: false };
      record.sent.push(tracked);
      await watch(deps, record, signed.hash);
    });
    if (tracked !== undefined) tracked.isBroadcast = true;
    const ids = { transactionId: record.id, walletId: record.wallet.id };
    const { hash: txHash, nonce } = sent;
    countExecution(deps.stats, { ...ids, txHash, nonce, kind, atMs: Date.now() });
    return sent;
  } catch (error) {
    if (error instanceof ChainRefusal) untrack();
    throw error;
  }
}

/** Has the block loop report the end of one of a transaction's chain transactions. */
export function watch(deps: BroadcastDeps, record: TransactionRecord, hash: `0x${string}`) {
  return deps.blocks.watch(hash, (receipt) => {
    // Only the emulator's end interrupts it.
    settle(deps, record, receipt).catch(() => undefined);
  });
}

/** SENT, unless its block was faster than the node's answer to the broadcast. */
export function showSent(
  deps: BroadcastDeps,
  record: TransactionRecord,
  change: Partial<TransactionRecord["progress"]>,
): void {
  if (record.progress.blockHash === undefined) show(deps, record, { state: "SENT", ...change });
}

/** The end that the chain gave it. A second execution of a doubled transaction changes nothing that Circle shows. */
async function settle(deps: BroadcastDeps, record: TransactionRecord, receipt: Receipt) {
  const sent = record.sent.find(({ hash }) => hash === receipt.transactionHash);
  if (sent === undefined || sent.kind === "duplicate") return;
  for (const rival of record.sent) if (rival.nonce === sent.nonce) deps.blocks.unwatch(rival.hash);
  const lagMs = deps.random.between(deps.settings.latency.completeMs);
  await delay(lagMs, undefined, { signal: deps.signal });
  const end = sent.kind === "cancel" ? "CANCELLED" : "COMPLETE";
  show(deps, record, {
    state: receipt.succeeded ? end : "FAILED",
    txHash: receipt.transactionHash,
    blockHash: receipt.blockHash,
    blockHeight: Number(receipt.blockNumber),
    networkFee: formatUnits(receipt.networkFee, 18),
    firstConfirmedAtMs: Date.now(),
    ...(receipt.succeeded
      ? {}
      : { errorReason: "FAILED_ON_BLOCKCHAIN", errorDetails: "execution reverted" }),
  });
  dropBytes(record);
}
