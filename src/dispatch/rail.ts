import type { TransferFinder } from "../payment/found-transfer.ts";
import type { RailName } from "../payment/events.ts";
import type { Method } from "../payment/method.ts";

/** One call of PayOnce, or one plain transfer, stored in commit 2 before anything leaves; a row of `transactions`. */
export interface StoredSend {
  readonly id: string;
  readonly operator: string;
  readonly kind: "pay" | "void";
  readonly itemCount: number;
  readonly calldata: `0x${string}`;
  readonly gasLimit: bigint;
  readonly createdAt: Date;
  readonly ticket: SendTicket;
  /** What a plain transfer moves; absent: a call of PayOnce. */
  readonly transfer?: TransferOrder;
}

export interface TransferOrder {
  readonly payer: string;
  readonly token: string;
  readonly recipient: string;
  readonly amount: bigint;
}

/** What makes a send repeatable: Circle's key, or the signed bytes of one nonce. */
export type SendTicket =
  | {
      readonly rail: "circle";
      readonly walletId: string;
      readonly idempotencyKey: string;
      /** Known once a POST was answered. */
      readonly circleId: string | null;
    }
  | {
      readonly rail: "arc";
      readonly nonce: bigint;
      readonly maxFeePerGas: bigint;
      readonly raw: `0x${string}`;
      /** Every hash ever signed for this nonce, newest last. */
      readonly hashes: readonly `0x${string}`[];
    };

/**
 * What a rail learnt of a send. Hints about dispatch only: whether money moved, the chain alone says.
 * - `accepted`: taken by the provider or the node (with its id or hash);
 * - `retry`: not answered, or throttled: the same ticket goes again after `afterMs`; uses up no try;
 * - `refused`: answered and refused: the same send needs a new ticket;
 * - `dead`: the provider ended it unpaid (FAILED, DENIED, CANCELLED), or its nonce went to another transaction.
 */
export type SendReport =
  | {
      readonly kind: "accepted";
      readonly circleId?: string;
      readonly circleState?: string;
      readonly txHash?: string;
    }
  | {
      readonly kind: "retry";
      readonly afterMs: number;
      readonly code: string;
      readonly detail: string;
      /**
       * Answered, and certainly not taken, for want of room, gas or an operator's act (429, a full queue, an empty
       * treasury): the payment's review clock stands still. Absent: it may have been taken.
       */
      readonly capacity?: true;
      /** There was an HTTP answer, so this request is over: it can no longer arrive. */
      readonly answered?: true;
    }
  | { readonly kind: "refused"; readonly code: string; readonly detail: string }
  | {
      readonly kind: "dead";
      readonly code: string;
      readonly detail: string;
      /** For want of funds or room: no try of its payments'. */
      readonly capacity?: true;
      readonly circleState?: string;
      /** It was on chain, or may yet be. */
      readonly txHash?: string;
    };

/** What a draft needs to become a stored send. */
export interface SendDraft {
  readonly operator: string;
  readonly calldata: `0x${string}`;
  readonly gasLimit: bigint;
  /** The n-th transfer of a payment's generation; absent: a call of PayOnce. */
  readonly nthTransfer?: TransferOrder & {
    readonly paymentId: string;
    readonly generation: number;
    readonly sendNumber: number;
  };
}

/**
 * One road that sends leave by, worked by one instance at a time: an arc wallet, or a Circle account with all its
 * operator wallets (whose POST limit is one for all of them).
 * A lane keeps its own memory (next nonce, pacer, fees) and may forget it at any time: `open` builds it anew.
 */
export interface Lane {
  /** Also the lease's name: "arc:0x…" or "circle:<wallet ids' hash>". */
  readonly id: string;
  readonly rail: RailName;
  /** A lane of transfers sends one payment at a time, each from its payer's own wallet, and never under a second ticket. */
  readonly method: Method;
  /** Lower-case addresses that send in this lane; none in a lane of transfers, where every payer does. */
  readonly operators: readonly string[];
  readonly maxInFlightPerOperator: number;
  /**
   * For so long the next send waits where nearly all that may be open is open, in proportion where less is; absent: the
   * lane itself says when a send may be formed.
   */
  readonly restMs?: number;
  /** The most payments that a send had better carry, as the chain stands; absent: what the settings say. */
  readonly batchMax?: () => number;

  /** Whose wallets it can send from; absent: anybody's who gave PayOnce an allowance. One that is asked for is looked up. */
  readonly payers?: { has(address: string): boolean };

  /** Of a lane of transfers: finds again what a restored database has forgotten. */
  readonly finder?: TransferFinder;

  /** After a takeover, with the lane's open sends: reads the chain or provider, and is ready to prepare. */
  open(openSends: readonly StoredSend[], signal: AbortSignal): Promise<void>;
  /** Resolves when a send may be formed now (Circle: a POST token is free, so a batch waits as long as it can and grows). */
  ready(signal: AbortSignal): Promise<void>;
  /** Makes the ticket. Pure but for the lane's memory: it is called inside a transaction, and may be called again. */
  prepare(draft: SendDraft): Promise<SendTicket>;
  /** Commit 2 is durable: the ticket is used up. */
  committed(ticket: SendTicket): void;
  /** Sends it, or sends it again; never throws: what is not recognised is `retry` with the same ticket. */
  submit(send: StoredSend, signal: AbortSignal): Promise<SendReport>;
  /**
   * Looks after sends that are open for long: Circle's one shared list of states, re-broadcast and fee bumps on arc.
   * It gets all open sends of the lane: a nonce that none of them holds counts as given up. `store` must be awaited
   * before bytes that are new leave.
   */
  tend(
    openSends: readonly StoredSend[],
    store: (sendId: string, ticket: SendTicket) => Promise<void>,
    signal: AbortSignal,
  ): Promise<readonly { sendId: string; report: SendReport }[]>;
}

/** An item of PayOnce.pay: one payment's terms. */
export interface PayItem {
  readonly paymentId: string;
  readonly generation: number;
  readonly payer: string;
  readonly token: string;
  readonly recipient: string;
  readonly amount: bigint;
}

export interface VoidItem {
  readonly paymentId: string;
  readonly generation: number;
}

/** The instance's calls, encoded; behind it stands the contract's ABI. */
export interface PayOnceCalls {
  encodePay(items: readonly PayItem[]): `0x${string}`;
  encodeVoid(items: readonly VoidItem[]): `0x${string}`;
  /** Declared tightly: blocks pack by the declared limit. `generous` after a revert. */
  gasLimit(kind: "pay" | "void", itemCount: number, generous: boolean): bigint;
}

/** What a payer can pay now of one token: min(balance, allowance to our instance), and whether the token blocks it. */
export interface PayerFunds {
  readonly balance: bigint;
  readonly allowance: bigint;
  readonly blocked: boolean;
}

export interface FundsReader {
  read(
    pairs: readonly { payer: string; token: string }[],
    signal: AbortSignal,
  ): Promise<readonly PayerFunds[]>;
}
