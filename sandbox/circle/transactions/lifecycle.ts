import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../control/settings.ts";
import { send, watch, type BroadcastDeps } from "./broadcast.ts";
import { prepare } from "./prepare.ts";
import { setProgress, show } from "./show.ts";
import { isTerminal, type TransactionRecord } from "./transaction.ts";

/**
 * Takes an accepted transaction from INITIATED to SENT, or to its end. QUEUED and CLEARED come in either order, and the
 * nonce is taken only when it is sent, so a slow one holds nobody up. Never throws; stops where the signal says so.
 */
export async function runTransaction(
  deps: BroadcastDeps,
  record: TransactionRecord,
): Promise<void> {
  try {
    await run(deps, record);
  } catch (error) {
    if (deps.signal.aborted) return;
    show(deps, record, { state: "FAILED", errorReason: "INTERNAL", errorDetails: String(error) });
  }
}

async function run(deps: BroadcastDeps, record: TransactionRecord): Promise<void> {
  const { settings, random } = deps;
  const sentMs = random.between(settings.latency.sentMs) + record.plan.extraDelayMs;
  const states = random.next() < 0.5 ? ["QUEUED", "CLEARED"] : ["CLEARED", "QUEUED"];
  for (const [index, state] of states.entries()) {
    await untilAge(deps, record, (sentMs * (index + 1)) / 4);
    if (isTerminal(record)) return;
    show(deps, record, { state });
  }
  const screeningRule = ruleAgainst(settings, record);
  if (screeningRule !== undefined) return show(deps, record, { state: "DENIED", screeningRule });
  if (record.plan.forced !== undefined) {
    await untilAge(deps, record, sentMs);
    return isTerminal(record) ? undefined : lie(deps, record);
  }
  await untilAge(deps, record, sentMs * 0.75);
  const prepared = await prepare(deps, record);
  if (isTerminal(record)) return;
  if ("errorReason" in prepared) return show(deps, record, { state: "FAILED", ...prepared });
  await untilAge(deps, record, sentMs);
  if (!isTerminal(record)) await send(deps, record, prepared);
}

/** Shows the forced state, executed or not; where the fault says so, the truth comes back later. */
async function lie(deps: BroadcastDeps, record: TransactionRecord): Promise<void> {
  const { forced } = record.plan;
  if (forced === undefined) return;
  record.isForced = true;
  const isHeld = !forced.executed && forced.state === "STUCK";
  if (forced.executed) await prepareAndSend(deps, record);
  if (isHeld) await hold(deps, record);
  const txHash = forced.showTxHash === true || isHeld ? record.sent.at(-1)?.hash : undefined;
  setProgress(deps, record, {
    state: forced.state,
    ...(forced.errorReason === undefined ? {} : { errorReason: forced.errorReason }),
    ...(forced.errorDetails === undefined ? {} : { errorDetails: forced.errorDetails }),
    ...(txHash === undefined ? {} : { txHash }),
  });
  if (forced.forMs === undefined) return;
  await delay(forced.forMs, undefined, { signal: deps.signal });
  if (record.isForced) await tellTheTruth(deps, record);
}

async function tellTheTruth(deps: BroadcastDeps, record: TransactionRecord): Promise<void> {
  record.isForced = false;
  const last = record.sent.at(-1);
  if (last === undefined) return prepareAndSend(deps, record);
  if (!last.isBroadcast && last.raw !== undefined) {
    await watch(deps, record, last.hash);
    await deps.chain.sendRaw(last.raw);
    last.isBroadcast = true;
  }
  show(deps, record, { ...record.truth, state: record.truth?.state ?? "SENT", txHash: last.hash });
}

async function prepareAndSend(deps: BroadcastDeps, record: TransactionRecord): Promise<void> {
  const prepared = await prepare(deps, record);
  if ("errorReason" in prepared) show(deps, record, { state: "FAILED", ...prepared });
  else await send(deps, record, prepared);
}

async function hold(deps: BroadcastDeps, record: TransactionRecord): Promise<void> {
  const prepared = await prepare(deps, record);
  if ("errorReason" in prepared) return;
  record.isBeyondRecall = true;
  const held = await record.wallet.sender.hold(record.call, prepared.gas);
  record.sent.push({ ...held, kind: "original", isBroadcast: false });
}

/** Circle keeps a token's own contract on its denylist; the settings may add others. */
function ruleAgainst(settings: Settings, record: TransactionRecord): string | undefined {
  const destination = record.request.destinationAddress?.toLowerCase();
  const denied = [record.transfer?.token ?? "", ...settings.denylist];
  const isDenied = denied.some((address) => address.toLowerCase() === destination);
  return isDenied ? "Denylist" : undefined;
}

async function untilAge(deps: BroadcastDeps, record: TransactionRecord, ageMs: number) {
  const restMs = record.createdAtMs + ageMs - Date.now();
  if (restMs > 0) await delay(restMs, undefined, { signal: deps.signal });
}
