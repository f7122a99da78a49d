import { decodeAbiParameters, toEventSelector, type AbiEvent, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { PaidLog, PayOnceLog } from "../payment/pay-once-log.ts";
import { refusalReason } from "./refusal-reason.ts";

/** A log as the node gives it, quantities in hex. */
export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly logIndex: string;
  readonly removed?: boolean;
}

/**
 * A log of our instance that is about no payment: the admin's acts by their name, and what cannot be decoded (which our
 * code, asserted at start-up, never emits) as `event: null`. To be told to people; nothing to settle.
 */
export interface StrayLog {
  readonly event: string | null;
  readonly txHash: string;
  readonly logIndex: number;
  readonly topics: readonly string[];
  readonly data: string;
}

const EVENTS = new Map<string, AbiEvent>(
  payOnceAbi.filter((item) => item.type === "event").map((item) => [toEventSelector(item), item]),
);

/** The topics a filter needs for what is about payments. */
export const PAID_TOPIC = topicOf("Paid");
/** The first log of an instance: the constructor's transfer of ownership from nobody. */
export const OWNERSHIP_TOPIC = topicOf("OwnershipTransferred");

export const TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/**
 * Reads our instance's logs out of all logs of one transaction, in order. Each `Paid` is paired with the token's own
 * Transfer: the last one between the preceding log of ours and itself that the token's address emitted from payer to
 * recipient over exactly that amount. (Arc's USDC is preceded by the system's log of the same movement in 18 decimals: its
 * emitter is another.) Pure; a log that cannot be read becomes a stray and stops nothing.
 */
export function readLogs(
  payOnce: string,
  transactionLogs: readonly RawLog[],
): { readonly logs: readonly PayOnceLog[]; readonly strays: readonly StrayLog[] } {
  const logs: PayOnceLog[] = [];
  const strays: StrayLog[] = [];
  let sinceOurs: RawLog[] = [];
  for (const log of transactionLogs) {
    if (log.address.toLowerCase() !== payOnce) {
      sinceOurs.push(log);
      continue;
    }
    const read = readOurs(log, sinceOurs);
    if ("event" in read) strays.push(read);
    else logs.push(read);
    sinceOurs = [];
  }
  return { logs, strays };
}

function readOurs(log: RawLog, before: readonly RawLog[]): PayOnceLog | StrayLog {
  const event = EVENTS.get(log.topics[0] ?? "");
  try {
    const read = event && readEvent(event, log);
    if (read?.kind === "paid") return { ...read, transferLogIndex: transferOf(read, before) };
    if (read) return read;
  } catch {
    return stray(log, null);
  }
  return stray(log, event?.name ?? null);
}

function readEvent(event: AbiEvent, log: RawLog): PayOnceLog | undefined {
  if (!PAYMENT_EVENTS.has(event.name)) return undefined;
  const values = valuesOf(event, log);
  const place = {
    txHash: log.transactionHash.toLowerCase(),
    logIndex: Number(log.logIndex),
    ref: topic(log, 1),
    generation: BigInt(values["generation"] as number),
  };
  switch (event.name) {
    case "Paid":
      return {
        ...place,
        kind: "paid",
        payer: addressIn(topic(log, 2)),
        recipient: addressIn(topic(log, 3)),
        token: (values["token"] as string).toLowerCase(),
        amount: values["amount"] as bigint,
        transferLogIndex: null,
      };
    case "Refused":
      return { ...place, kind: "refused", reason: refusalReason(values["reason"] as Hex) };
    case "Skipped":
      return {
        ...place,
        kind: "skipped",
        paid: values["paid"] as boolean,
        floor: BigInt(values["floor"] as number),
      };
    default:
      return { ...place, kind: "voided" };
  }
}

const PAYMENT_EVENTS: ReadonlySet<string> = new Set(["Paid", "Refused", "Skipped", "Voided"]);

/** The event's parameters that are no topics, by name. Throws where the data is not theirs. */
function valuesOf(event: AbiEvent, log: RawLog): Record<string, unknown> {
  const inData = event.inputs.filter(({ indexed }) => indexed !== true);
  const values = decodeAbiParameters(inData, log.data as Hex);
  return Object.fromEntries(inData.map(({ name = "" }, index) => [name, values[index]]));
}

function transferOf(paid: PaidLog, before: readonly RawLog[]): number | null {
  const proof = before.findLast(
    (log) =>
      log.address.toLowerCase() === paid.token &&
      log.topics.length === 3 &&
      log.topics[0] === TRANSFER_TOPIC &&
      addressIn(log.topics[1] ?? "") === paid.payer &&
      addressIn(log.topics[2] ?? "") === paid.recipient &&
      isWord(log.data) &&
      BigInt(log.data) === paid.amount,
  );
  return proof ? Number(proof.logIndex) : null;
}

export function isWord(data: string): boolean {
  return /^0x[0-9a-fA-F]{64}$/.test(data);
}

function topic(log: RawLog, index: number): string {
  const value = log.topics[index]?.toLowerCase();
  if (value === undefined || !isWord(value)) throw new TypeError(`topic ${index} is no word`);
  return value;
}

export function addressIn(word: string): string {
  return `0x${word.slice(-40).toLowerCase()}`;
}

function stray(log: RawLog, event: string | null): StrayLog {
  const { transactionHash: txHash, logIndex, topics, data } = log;
  return { event, txHash, logIndex: Number(logIndex), topics, data };
}

function topicOf(name: "Paid" | "OwnershipTransferred"): Hex {
  const event = payOnceAbi.find((item) => item.type === "event" && item.name === name);
  if (event?.type !== "event") throw new Error(`PayOnce has no event ${name}`);
  return toEventSelector(event);
}
