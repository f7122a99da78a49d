import { HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import { keccak256, toHex, type Hex } from "viem";
import type { CircleClient } from "../../../src/circle/client.ts";
import { PaymentError } from "../../../src/errors.ts";
import type { Chain } from "./chain-model.ts";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";

/** A transaction at Circle. `shown` is what Circle says; what it does is in `stage`. */
export interface CircleTransaction {
  readonly id: string;
  readonly walletId: string;
  readonly from: string;
  readonly to: string;
  readonly data: Hex;
  stage: "accepted" | "sent" | "over";
  shown: string;
  errorReason?: string;
  nonce?: bigint;
  hash?: Hex;
}

export interface CircleTroubles {
  /** The next POST is refused with this, if anything. */
  refusal(): { readonly status: number; readonly code: number } | undefined;
}

export interface Circle {
  readonly transactions: CircleTransaction[];
  readonly wallets: ReadonlyMap<string, string>;
  /** Remembered idempotency keys. */
  readonly keys: Map<string, string>;
  /** Brings a transaction one step further, as its stage allows. */
  advance(transaction: CircleTransaction): void;
  /** Executes its call once more, as another transaction that Circle never shows; however late, whatever became of it. */
  repeat(transaction: CircleTransaction): void;
  sdk(): unknown;
}

/** Circle's queue per wallet is longer than what we keep in flight. */
const QUEUE_MAX = 14;
const MAX_FEE_PER_GAS = 2_000_000_000_000n;

/** Circle's developer-controlled wallets, as the emulator of the sandbox and its DIFFERENCES.md know them. */
export function createCircle(
  chain: Chain,
  wallets: ReadonlyMap<string, string>,
  troubles: CircleTroubles,
): Circle {
  const transactions: CircleTransaction[] = [];
  const keys = new Map<string, string>();
  const nonces = new Map<string, bigint>();
  const repeats: CircleTransaction[] = [];
  const find = (id: string) => transactions.find((one) => one.id === id);
  const circle: Circle = { transactions, wallets, keys, advance, repeat, sdk };
  return circle;

  function advance(transaction: CircleTransaction): void {
    switch (transaction.stage) {
      case "accepted":
        broadcast(transaction);
        transaction.stage = "sent";
        if (!isForced(transaction)) transaction.shown = "SENT";
        return;
      case "sent":
        return lookAfter(transaction);
      case "over":
    }
  }

  function broadcast(transaction: CircleTransaction): void {
    const nonce = nonces.get(transaction.from) ?? chain.countOf(transaction.from);
    nonces.set(transaction.from, nonce + 1n);
    transaction.nonce = nonce;
    transaction.hash = keccak256(toHex(`${transaction.id} ${nonce}`));
    put(transaction);
  }

  function put({ from, to, data, nonce = 0n, hash = "0x" }: CircleTransaction): void {
    chain.take({ hash, from, nonce, maxFeePerGas: MAX_FEE_PER_GAS, to, data });
  }

  function repeat(transaction: CircleTransaction): void {
    const again = { ...transaction, id: `${transaction.id} again ${repeats.length}` };
    repeats.push(again);
    broadcast(again);
  }

  function lookAfter(transaction: CircleTransaction): void {
    const { hash, nonce = 0n, from } = transaction;
    const mined = chain.blocks
      .flatMap(({ transactions: all }) => all)
      .find((one) => one.hash === hash);
    if (!mined) {
      // A node may have lost it: Circle sends its bytes again.
      const lost = [transaction, ...repeats.filter((one) => one.from === from)];
      for (const one of lost) if ((one.nonce ?? nonce) >= chain.countOf(from)) put(one);
      return;
    }
    transaction.stage = "over";
    transaction.shown = mined.isReverted ? "FAILED" : "COMPLETE";
    if (mined.isReverted) transaction.errorReason = "FAILED_ON_BLOCKCHAIN";
  }

  function sdk() {
    return {
      generateEntitySecretCiphertext: () => ({ data: {} }),
      createContractExecutionTransaction: create,
      listTransactions: () => ({ data: { transactions: transactions.map(view).toReversed() } }),
      getTransaction: ({ id }: { id: string }) => {
        const found = find(id);
        if (!found) throw refused(404, 156_002);
        return { data: { transaction: view(found) } };
      },
      getLowestNonceTransaction: ({ walletId }: { walletId: string }) => {
        const head = transactions
          .filter((one) => one.walletId === walletId && one.stage === "sent")
          .sort((a, b) => Number((a.nonce ?? 0n) - (b.nonce ?? 0n)))[0];
        return { data: head ? { transaction: view(head) } : {} };
      },
      accelerateTransaction: ({ id }: { id: string }) => {
        const found = find(id);
        if (found?.stage === "sent") found.shown = "SENT";
        return { data: { id } };
      },
    };
  }

  function create(order: {
    walletId: string;
    contractAddress: string;
    callData: Hex;
    idempotencyKey: string;
  }) {
    const known = find(keys.get(order.idempotencyKey) ?? "");
    if (known) return { data: { id: known.id, state: known.shown } };
    const refusal = troubles.refusal();
    if (refusal) throw refused(refusal.status, refusal.code);
    const { walletId } = order;
    const open = transactions.filter((one) => one.walletId === walletId && one.stage !== "over");
    if (open.length >= QUEUE_MAX) throw refused(400, 155_264);
    const transaction: CircleTransaction = {
      id: `circle-${transactions.length + 1}`,
      walletId,
      from: wallets.get(walletId) ?? "",
      to: order.contractAddress.toLowerCase(),
      data: order.callData,
      stage: "accepted",
      shown: "INITIATED",
    };
    transactions.push(transaction);
    keys.set(order.idempotencyKey, transaction.id);
    return { data: { id: transaction.id, state: "INITIATED" } };
  }
}

/** States that Circle shows whatever it does. */
export const FORCED_STATES = ["FAILED", "DENIED", "STUCK", "CANCELLED", "COMPUTING"] as const;

function isForced({ shown }: CircleTransaction): boolean {
  return FORCED_STATES.some((state) => state === shown);
}

function view({ id, shown, hash, errorReason }: CircleTransaction) {
  return { id, state: shown, txHash: hash, errorReason };
}

function refused(status: number, code: number): HttpResponseError {
  const error = { response: { headers: {} } } as never;
  const url = "/v1/w3s/developer/transactions/contractExecution";
  return new HttpResponseError({ message: "words", code, status, error, url, method: "POST" });
}

const WRITES = /create|accelerate/;

/** The SDK as the service's client hands it out: each call travels through the simulated network. */
export function createModelClient(
  { circle, network }: { circle: Circle; network: Network },
  process: SimProcess,
): CircleClient {
  const sdk = circle.sdk() as Record<string, (input: unknown) => unknown>;
  return {
    async call(use, signal) {
      const travelling = new Proxy(sdk, {
        get: (target, name) => (input: unknown) =>
          network.call(process, {
            what: `Circle ${String(name)}`,
            isWrite: WRITES.test(String(name)),
            signal,
            unanswered: () =>
              new PaymentError("CIRCLE_UNAVAILABLE", "reconcile", "Circle did not answer in time."),
            effect: () => target[String(name)]?.(input),
          }),
      });
      return use(travelling as never);
    },
  };
}
