import { circleError } from "../api/circle-error.ts";
import type { Call } from "../chain/chain-client.ts";
import { bumpedGas } from "../chain/fees.ts";
import { broadcastAs, showSent, type BroadcastDeps } from "./broadcast.ts";
import { show } from "./show.ts";
import type { SentTransaction, TransactionRecord } from "./transaction.ts";

const ACCELERATED_IN = new Set(["SENT", "STUCK"]);
/** The documents leave STUCK out; a queue could otherwise be freed only by paying. */
const CANCELLED_IN = new Set(["INITIATED", "QUEUED", "CLEARED", "SENT", "STUCK"]);

const PLAIN_TRANSFER_GAS = 21_000n;

/** Sends the same call again with its nonce and higher fees. Throws 155229 where the state forbids it. */
export function accelerate(deps: BroadcastDeps, record: TransactionRecord): void {
  const last = lastSent(record);
  if (!ACCELERATED_IN.has(record.progress.state) || last === undefined) throw circleError(155229);
  record.isForced = false;
  void replace(deps, record, last, { kind: "accelerated", call: record.call });
}

/**
 * Before it was sent, ends it; afterwards tries to take its nonce with an empty transaction: whichever is mined
 * decides. Throws 155229 where the state forbids it.
 */
export function cancel(deps: BroadcastDeps, record: TransactionRecord): void {
  const last = lastSent(record);
  const isTooEarly = record.isBeyondRecall && last === undefined;
  if (!CANCELLED_IN.has(record.progress.state) || isTooEarly) throw circleError(155229);
  record.isForced = false;
  if (last === undefined) return show(deps, record, { state: "CANCELLED" });
  const call: Call = { to: record.wallet.address, data: "0x", value: 0n };
  void replace(deps, record, last, { kind: "cancel", call });
}

async function replace(
  deps: BroadcastDeps,
  record: TransactionRecord,
  last: SentTransaction,
  { kind, call }: { readonly kind: "accelerated" | "cancel"; readonly call: Call },
): Promise<void> {
  const { sender } = record.wallet;
  try {
    const old = kind === "cancel" ? { ...last.gas, gasLimit: PLAIN_TRANSFER_GAS } : last.gas;
    const gas = await bumpedGas(deps.chain, old);
    const sent = await broadcastAs(deps, record, kind, (before) =>
      sender.replace(last.nonce, call, gas, before),
    );
    showSent(deps, record, { txHash: sent.hash });
  } catch {
    // Best effort: most likely it is mined already. What a fault kept back until now is shown at last.
    if (record.truth !== undefined) show(deps, record, record.truth);
  }
}

function lastSent(record: TransactionRecord): SentTransaction | undefined {
  return record.sent.findLast(({ kind }) => kind !== "duplicate");
}
