import { createHash, randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { PaymentError } from "../errors.ts";
import type { Lane, SendReport, SendTicket, StoredSend } from "../dispatch/rail.ts";
import { bounded, type CircleClient } from "./client.ts";
import { listSends } from "./list-sends.ts";
import type { OperatorWallet } from "./operator-wallets.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { reportState } from "./report-state.ts";
import { translatePostError } from "./translate-error.ts";

export interface CircleLaneDeps {
  readonly client: CircleClient;
  readonly wallets: readonly OperatorWallet[];
  /** Lower-case address of our PayOnce instance. */
  readonly payOnce: string;
  readonly postsPerSecond: number;
  readonly getsPerSecond: number;
  readonly log: Logger;
}

/** Circle queues per wallet and says 155264 above its limit, which it does not publish for Arc; nodes keep 16. */
const MAX_IN_FLIGHT = 12;
/** Circle's clock and ours differ; a list that starts a little early misses nothing. */
const CLOCK_SLACK_MS = 60_000;

type Posts = CircleLaneDeps & { readonly posts: Pacer; readonly gets: Pacer };

/**
 * The road through a Circle account: all its operator wallets, because Circle's limit on POSTs is one for the account.
 * Circle's state is a hint; what counts is the chain.
 */
export function createCircleLane(deps: CircleLaneDeps): Lane {
  const walletOf = new Map(deps.wallets.map(({ address, walletId }) => [address, walletId]));
  const account: Posts = {
    ...deps,
    posts: createPacer(deps.postsPerSecond),
    gets: createPacer(deps.getsPerSecond),
  };
  const fingerprint = createHash("sha256")
    .update([...walletOf.values()].sort().join())
    .digest("hex");

  return {
    id: `circle:${fingerprint.slice(0, 16)}`,
    rail: "circle",
    operators: [...walletOf.keys()],
    maxInFlightPerOperator: MAX_IN_FLIGHT,
    // Nothing to read: a key can be sent again at any time, and Circle keeps the nonces.
    open: async () => undefined,
    ready: (signal) => account.posts.hold(signal),
    prepare: async ({ operator }) => {
      const walletId = walletOf.get(operator);
      if (walletId === undefined) throw new TypeError(`${operator} is no operator wallet of ours`);
      return { rail: "circle", walletId, idempotencyKey: randomUUID(), circleId: null };
    },
    committed: () => undefined,
    submit: (send, signal) => submit(account, send, signal),
    tend: (openSends, _store, signal) => tend(account, openSends, signal),
  };
}

async function submit(account: Posts, send: StoredSend, signal: AbortSignal): Promise<SendReport> {
  const ticket = circleTicket(send.ticket);
  try {
    await account.posts.take(signal);
    const { data } = await bounded(
      account.client.createContractExecutionTransaction({
        walletId: ticket.walletId,
        contractAddress: account.payOnce,
        callData: send.calldata,
        idempotencyKey: ticket.idempotencyKey,
        // Circle has no look-up by key; the refId lets a person find the send in Circle's console.
        refId: send.id,
        fee: { type: "level", config: { feeLevel: "HIGH", gasLimit: send.gasLimit.toString() } },
      }),
      signal,
    );
    if (!data?.id) return unanswered("Circle's answer has no transaction id");
    return { kind: "accepted", circleId: data.id, circleState: data.state };
  } catch (error) {
    if (error instanceof PaymentError) return unanswered(error.message);
    const report = translatePostError(error);
    if (report.kind === "retry") account.posts.pushBack(throttle(report.code) ? report.afterMs : 0);
    return report;
  }
}

/** Only these concern the whole account; an unanswered POST must not hold its neighbours. */
function throttle(code: string): boolean {
  return code === "circle_throttled" || code === "circle_unavailable";
}

function unanswered(detail: string): SendReport {
  return { kind: "retry", afterMs: 500, code: "circle_unanswered", detail };
}

async function tend(
  account: Posts,
  openSends: readonly StoredSend[],
  signal: AbortSignal,
): Promise<readonly { sendId: string; report: SendReport }[]> {
  const known = openSends.flatMap((send) => {
    const { circleId } = circleTicket(send.ticket);
    return circleId === null ? [] : [{ send, circleId }];
  });
  if (known.length === 0) return [];
  const oldestMs = Math.min(...known.map(({ send }) => send.createdAt.getTime()));
  const walletIds = account.wallets.map(({ walletId }) => walletId);
  const states = await listSends(account, walletIds, new Date(oldestMs - CLOCK_SLACK_MS), signal);
  const reports: { sendId: string; report: SendReport }[] = [];
  const stuckWallets = new Set<string>();
  for (const { send, circleId } of known) {
    const transaction = states.get(circleId);
    if (!transaction) continue;
    if (transaction.state === "STUCK") stuckWallets.add(circleTicket(send.ticket).walletId);
    reports.push({ sendId: send.id, report: reportState(transaction) });
  }
  for (const walletId of stuckWallets) await accelerate(account, walletId, signal);
  return reports;
}

/** A stuck queue moves only from its head: the transaction of the wallet's lowest nonce is the one to accelerate. */
async function accelerate(account: Posts, walletId: string, signal: AbortSignal): Promise<void> {
  try {
    await account.gets.take(signal);
    const { data } = await bounded(account.client.getLowestNonceTransaction({ walletId }), signal);
    const head = data?.transaction;
    if (!head || (head.state !== "SENT" && head.state !== "STUCK")) return;
    await account.posts.take(signal);
    await bounded(account.client.accelerateTransaction({ id: head.id }), signal);
    account.log.warn({ walletId, circleId: head.id }, "accelerated a stuck transaction");
  } catch (error) {
    account.log.warn({ err: error, walletId }, "could not accelerate a stuck transaction");
  }
}

function circleTicket(ticket: SendTicket): Extract<SendTicket, { rail: "circle" }> {
  if (ticket.rail !== "circle") throw new TypeError(`a ${ticket.rail} send in Circle's lane`);
  return ticket;
}
