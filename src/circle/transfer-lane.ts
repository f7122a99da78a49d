import assert from "node:assert/strict";
import type { Lane, SendReport, StoredSend, TransferOrder } from "../dispatch/rail.ts";
import type { Logger } from "../log.ts";
import { transferKeyOf } from "../payment/ids.ts";
import { formatMicros } from "../payment/money.ts";
import { createAccelerate, type Accelerate } from "./accelerate.ts";
import type { AccountWallets } from "./account-wallets.ts";
import type { CircleClient } from "./client.ts";
import { circleTicket, warmUp } from "./lane.ts";
import { findTransfer, listSends } from "./list-sends.ts";
import type { Pacer } from "./pacer.ts";
import { isAsOrdered, reportTransfer } from "./report-transfer.ts";
import { createTransferFinder } from "./transfer-finder.ts";
import { translateTransferError } from "./translate-error.ts";

export interface TransferLaneDeps {
  readonly client: CircleClient;
  readonly wallets: AccountWallets;
  readonly posts: Pacer;
  readonly gets: Pacer;
  readonly log: Logger;
}

/** Circle queues per wallet and says 155264 above its limit, which it does not publish for Arc; nodes keep 16. */
const MAX_IN_FLIGHT = 12;
/** Circle's clock and ours differ; a list that starts a little early misses nothing. */
const CLOCK_SLACK_MS = 60_000;
/** A POST is answered, or repeated, long before. */
const LOST_AFTER_MS = 3_000;
const LOOK_AGAIN_MS = 10_000;
/** A quarter of a second's worth of the account's GETs. */
const LOOKS_PER_TENDING = 5;
/** Wallets of one list, which names them all in its address. */
const WALLETS_PER_LIST = 20;

/**
 * Plain transfers: one payment, one order to Circle, from the payer's own wallet in this account. The key is made of the
 * payment, its generation and the number of the send, so that the same send has the same key for ever; dispatch decides
 * whether it may be posted, and how often. Circle's word is stored; what it is worth, settlement asks the chain.
 */
export function createTransferLane(deps: TransferLaneDeps): Lane {
  const { wallets, posts } = deps;
  const accelerate = createAccelerate(deps);
  const lookedAtMs = new Map<string, number>();
  return {
    id: "circle:transfers",
    rail: "circle",
    method: "transfer",
    operators: [],
    payers: wallets,
    finder: createTransferFinder(deps),
    maxInFlightPerOperator: MAX_IN_FLIGHT,
    open: (_openSends, signal) => warmUp(deps, signal),
    ready: (signal) => posts.hold(signal),
    async prepare({ operator, nthTransfer }) {
      assert(nthTransfer, "this lane sends plain transfers only");
      const walletId = wallets.idOf(operator);
      if (walletId === undefined) throw new TypeError(`${operator} is no wallet of this account`);
      const { paymentId, generation, sendNumber } = nthTransfer;
      const idempotencyKey = transferKeyOf(paymentId, generation, sendNumber);
      return { rail: "circle", walletId, idempotencyKey, circleId: null };
    },
    committed: () => undefined,
    submit: (send, signal) => submit(deps, send, signal),
    async tend(openSends, _store, signal) {
      const known = await tendKnown(deps, accelerate, openSends, signal);
      return [...known, ...(await findLost(deps, lookedAtMs, openSends, signal))];
    },
  };
}

async function submit(
  { client, posts }: TransferLaneDeps,
  send: StoredSend,
  signal: AbortSignal,
): Promise<SendReport> {
  const { walletId, idempotencyKey } = circleTicket(send);
  const { token, recipient, amount } = orderOf(send);
  try {
    await posts.take(signal);
    const order = {
      walletId,
      // Without it Circle would move the native coin, whose log is another's.
      tokenAddress: token,
      amount: [formatMicros(amount)],
      destinationAddress: recipient,
      idempotencyKey,
      refId: send.id,
      fee: { type: "level", config: { feeLevel: "HIGH" } },
    } as const;
    const { data } = await client.call(
      (sdk) => sdk.createTransaction({ ...order, amount: [...order.amount] }),
      signal,
    );
    if (!data?.id) throw new TypeError("Circle's answer has no transaction id");
    return { kind: "accepted", circleId: data.id, circleState: data.state };
  } catch (error) {
    const report = translateTransferError(error);
    if (report.kind === "retry" && report.code === "circle_throttled") {
      posts.pushBack(report.afterMs);
    }
    return report;
  }
}

interface Learnt {
  readonly sendId: string;
  readonly report: SendReport;
}

async function tendKnown(
  deps: TransferLaneDeps,
  accelerate: Accelerate,
  openSends: readonly StoredSend[],
  signal: AbortSignal,
): Promise<Learnt[]> {
  const answered = openSends.flatMap((send) => {
    const { walletId, circleId } = circleTicket(send);
    return circleId === null ? [] : [{ send, walletId, circleId }];
  });
  const learnt: Learnt[] = [];
  const walletIds = [...new Set(answered.map(({ walletId }) => walletId))];
  for (let from = 0; from < walletIds.length; from += WALLETS_PER_LIST) {
    const listed = walletIds.slice(from, from + WALLETS_PER_LIST);
    const sends = answered.filter(({ walletId }) => listed.includes(walletId));
    const oldestMs = Math.min(...sends.map(({ send }) => send.createdAt.getTime()));
    const ids = sends.map(({ circleId }) => circleId);
    const since = new Date(oldestMs - CLOCK_SLACK_MS);
    const states = await listSends({ ...deps, walletIds: listed }, ids, since, signal);
    for (const { send, walletId, circleId } of sends) {
      const transaction = states.get(circleId);
      if (!transaction) continue;
      if (!isAsOrdered(transaction, send.id, orderOf(send))) {
        // Nothing of it is believed, so the transfer stays in doubt and comes to review.
        deps.log.error(
          { sendId: send.id, circleId },
          "Circle's transaction is not what was ordered",
        );
        continue;
      }
      if (transaction.state === "STUCK") await accelerate(walletId, signal);
      learnt.push({ sendId: send.id, report: reportTransfer(transaction) });
    }
  }
  return learnt;
}

/** Looks for transfers whose POST was not answered, among Circle's transactions of that wallet to that worker. */
async function findLost(
  deps: TransferLaneDeps,
  lookedAtMs: Map<string, number>,
  openSends: readonly StoredSend[],
  signal: AbortSignal,
): Promise<Learnt[]> {
  const nowMs = performance.now();
  for (const id of lookedAtMs.keys()) {
    if (!openSends.some((send) => send.id === id)) lookedAtMs.delete(id);
  }
  // One that is new to this memory waits as long as one that has just been looked for.
  const lost = openSends.filter((send) => {
    if (circleTicket(send).circleId !== null) return false;
    const lookedAt = lookedAtMs.get(send.id);
    if (lookedAt === undefined) lookedAtMs.set(send.id, nowMs - LOOK_AGAIN_MS + LOST_AFTER_MS);
    return lookedAt !== undefined && nowMs - lookedAt >= LOOK_AGAIN_MS;
  });
  const learnt: Learnt[] = [];
  for (const send of lost.slice(0, LOOKS_PER_TENDING)) {
    lookedAtMs.set(send.id, performance.now());
    const order = orderOf(send);
    const found = await findTransfer(
      deps,
      {
        refId: send.id,
        walletId: circleTicket(send).walletId,
        destinationAddress: order.recipient,
        from: new Date(send.createdAt.getTime() - CLOCK_SLACK_MS),
      },
      signal,
    );
    if (!found || !isAsOrdered(found, send.id, order)) continue;
    deps.log.info(
      { sendId: send.id, circleId: found.id },
      "found a transfer that was not answered",
    );
    // Its state is read by its id from now on.
    learnt.push({ sendId: send.id, report: { kind: "accepted", circleId: found.id } });
  }
  return learnt;
}

function orderOf({ id, transfer }: StoredSend): TransferOrder {
  assert(transfer, `send ${id} is no plain transfer`);
  return transfer;
}
