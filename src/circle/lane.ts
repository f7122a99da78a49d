import { createHash, randomUUID } from "node:crypto";
import { failpoint } from "../failpoint.ts";
import type { Logger } from "../log.ts";
import type { Lane, SendReport, SendTicket, StoredSend } from "../dispatch/rail.ts";
import { createAccelerate, type Accelerate } from "./accelerate.ts";
import type { CircleClient } from "./client.ts";
import { listSends } from "./list-sends.ts";
import type { OperatorWallet } from "./operator-wallets.ts";
import type { Pacer } from "./pacer.ts";
import { reportState } from "./report-state.ts";
import { translatePostError, translateReadError } from "./translate-error.ts";

export interface CircleLaneDeps {
  readonly client: CircleClient;
  readonly wallets: readonly OperatorWallet[];
  /** Lower-case address of our PayOnce instance. */
  readonly payOnce: string;
  /** Circle's limits, of the whole account. */
  readonly posts: Pacer;
  readonly gets: Pacer;
  readonly log: Logger;
}

/** Circle queues per wallet and says 155264 above its limit, which it does not publish for Arc; nodes keep 16. */
const MAX_IN_FLIGHT = 12;
/** They declare 7.6 million gas: a block takes what fits as a whole, and one of half a second may hold 10 million. */
const BATCH_MAX = 100;
/** Circle's clock and ours differ; a list that starts a little early misses nothing. */
const CLOCK_SLACK_MS = 60_000;

interface Account extends CircleLaneDeps {
  readonly walletIds: readonly string[];
}

/**
 * The road through a Circle account: all its operator wallets, because Circle's limit on POSTs is one for the account.
 * Circle's state is a hint; what counts is the chain.
 */
export function createCircleLane(deps: CircleLaneDeps): Lane {
  const walletOf = new Map(deps.wallets.map(({ address, walletId }) => [address, walletId]));
  const walletIds = [...walletOf.values()];
  const { posts } = deps;
  const account = { ...deps, walletIds };
  const accelerate = createAccelerate(account);
  const fingerprint = createHash("sha256").update(walletIds.toSorted().join()).digest("hex");

  return {
    id: `circle:${fingerprint.slice(0, 16)}`,
    rail: "circle",
    method: "payonce",
    operators: [...walletOf.keys()],
    maxInFlightPerOperator: MAX_IN_FLIGHT,
    batchMax: () => BATCH_MAX,
    open: (_openSends, signal) => warmUp(account, signal),
    ready: (signal) => posts.hold(signal),
    // A fresh key each time: one that a lost COMMIT may have stored must never serve another send, whose POST Circle
    // would answer with the first one's transaction.
    prepare: async ({ operator }) => {
      const walletId = walletOf.get(operator);
      if (walletId === undefined) throw new TypeError(`${operator} is no operator wallet of ours`);
      return { rail: "circle", walletId, idempotencyKey: randomUUID(), circleId: null };
    },
    committed: () => undefined,
    submit: (send, signal) => submit(account, send, signal),
    tend: (openSends, _store, signal) => tend(account, accelerate, openSends, signal),
  };
}

/**
 * The SDK reads the entity's public key at the first call that is signed, and each of many first calls at once reads it
 * for itself. Nothing else is to be read: a key can be sent again at any time, and Circle keeps the nonces.
 */
export async function warmUp(
  { client, gets, log }: Pick<Account, "client" | "gets" | "log">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await gets.take(signal);
    await client.call((sdk) => sdk.generateEntitySecretCiphertext(), signal);
  } catch (error) {
    if (signal.aborted) return;
    log.warn({ err: translateReadError(error) }, "Circle's public key could not be read yet");
  }
}

async function submit(
  account: Account,
  send: StoredSend,
  signal: AbortSignal,
): Promise<SendReport> {
  const { client, payOnce, posts } = account;
  const { walletId, idempotencyKey } = circleTicket(send);
  try {
    await posts.take(signal);
    const order = {
      walletId,
      contractAddress: payOnce,
      callData: send.calldata,
      idempotencyKey,
      // Circle has no look-up by key; the refId lets a person find the send in Circle's console.
      refId: send.id,
      fee: {
        type: "level",
        config: { feeLevel: "HIGH", gasLimit: send.gasLimit.toString() },
      },
    } as const;
    const called = client.call((sdk) => sdk.createContractExecutionTransaction(order), signal);
    const [{ data }] = await Promise.all([called, failpoint("submit.circle_bytes_left")]);
    if (!data?.id) throw new TypeError("Circle's answer has no transaction id");
    return { kind: "accepted", circleId: data.id, circleState: data.state };
  } catch (error) {
    const report = translatePostError(error);
    // Only this concerns the whole account: a send that meets a 5xx for ever must not hold its neighbours.
    if (report.kind === "retry" && report.code === "circle_throttled") {
      posts.pushBack(report.afterMs);
    }
    return report;
  }
}

async function tend(
  account: Account,
  accelerate: Accelerate,
  openSends: readonly StoredSend[],
  signal: AbortSignal,
): Promise<readonly { sendId: string; report: SendReport }[]> {
  const answered = openSends.flatMap((send) => {
    const { walletId, circleId } = circleTicket(send);
    return circleId === null ? [] : [{ send, walletId, circleId }];
  });
  if (answered.length === 0) return [];
  const ids = answered.map(({ circleId }) => circleId);
  const oldestMs = Math.min(...answered.map(({ send }) => send.createdAt.getTime()));
  const states = await listSends(account, ids, new Date(oldestMs - CLOCK_SLACK_MS), signal);
  const known = answered.flatMap((one) => {
    const transaction = states.get(one.circleId);
    return transaction ? [{ ...one, transaction }] : [];
  });
  const stuck = known.filter(({ transaction }) => transaction.state === "STUCK");
  for (const walletId of new Set(stuck.map(({ walletId }) => walletId))) {
    await accelerate(walletId, signal);
  }
  return known.map(({ send, transaction }) => ({
    sendId: send.id,
    report: reportState(transaction),
  }));
}

export function circleTicket({ ticket }: StoredSend): Extract<SendTicket, { rail: "circle" }> {
  if (ticket.rail !== "circle") throw new TypeError(`a ${ticket.rail} send in Circle's lane`);
  return ticket;
}
