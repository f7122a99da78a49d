import { randomUUID } from "node:crypto";
import type {
  Lane,
  PayerFunds,
  FundsReader,
  PayOnceCalls,
  SendReport,
  SendTicket,
  StoredSend,
} from "../../src/dispatch/rail.ts";

/**
 * A test double of the port `Lane`, with Circle's kind of tickets: it answers as its script says, and keeps what it was
 * asked. It stands for a provider only; Postgres behind it is real.
 */
export interface ScriptedLane extends Lane {
  readonly opened: StoredSend[][];
  readonly submitted: StoredSend[];
  readonly tended: StoredSend[][];
  /** Answers of the next submits, in order; after them everything is accepted. */
  answers: ((send: StoredSend) => SendReport | Promise<SendReport>)[];
  tendAnswers: { sendId: string; report: SendReport }[];
  /** Turns begun; one more than those that are certainly over. */
  turns: number;
}

export function scriptedLane(
  options: {
    id?: string;
    operators?: readonly string[];
    maxInFlight?: number;
    method?: Lane["method"];
  } = {},
): ScriptedLane {
  const operators = options.operators ?? [`0x${"0".repeat(39)}1`];
  const lane: ScriptedLane = {
    id: options.id ?? "circle:scripted",
    rail: "circle",
    method: options.method ?? "payonce",
    operators,
    maxInFlightPerOperator: options.maxInFlight ?? 12,
    opened: [],
    submitted: [],
    tended: [],
    answers: [],
    tendAnswers: [],
    turns: 0,
    async open(openSends) {
      lane.opened.push([...openSends]);
    },
    async ready() {
      lane.turns += 1;
    },
    async prepare(draft): Promise<SendTicket> {
      const walletId = `wallet-of-${draft.operator}`;
      return { rail: "circle", walletId, idempotencyKey: randomUUID(), circleId: null };
    },
    committed() {},
    async submit(send) {
      lane.submitted.push(send);
      const answer = lane.answers.shift();
      return answer ? answer(send) : { kind: "accepted", circleId: `circle-${send.id}` };
    },
    async tend(openSends) {
      lane.tended.push([...openSends]);
      return lane.tendAnswers.splice(0);
    },
  };
  return lane;
}

/** Calldata that says what it carries, so that a test can read it; not the contract's encoding. */
export const readableCalls: PayOnceCalls = {
  encodePay: (items) => hexOf(["pay", ...items.map((item) => item.paymentId)]),
  encodeVoid: (items) => hexOf(["void", ...items.map((item) => item.paymentId)]),
  gasLimit: (_kind, itemCount, generous) => BigInt(itemCount) * (generous ? 2n : 1n),
};

export function paymentsIn(send: StoredSend): string[] {
  const text = Buffer.from(send.calldata.slice(2), "hex").toString();
  return text.split(" ").slice(1);
}

function hexOf(words: readonly string[]): `0x${string}` {
  return `0x${Buffer.from(words.join(" ")).toString("hex")}`;
}

export interface ScriptedFunds extends FundsReader {
  /** By payer; unlisted payers are rich. */
  readonly of: Map<string, PayerFunds>;
  reads: number;
  isAway: boolean;
}

const RICH: PayerFunds = { balance: 10n ** 15n, allowance: 10n ** 15n, blocked: false };

export function scriptedFunds(): ScriptedFunds {
  const funds: ScriptedFunds = {
    of: new Map(),
    reads: 0,
    isAway: false,
    async read(pairs) {
      funds.reads += 1;
      if (funds.isAway) throw new Error("the node is away");
      return pairs.map(({ payer }) => funds.of.get(payer) ?? RICH);
    },
  };
  return funds;
}
