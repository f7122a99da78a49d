import { OWN_INSTANCE } from "../contest/own-service.ts";
import { LEDGER_TOKEN } from "../contest/world.ts";
import { BURST_MS } from "../provider/bursts.ts";
import {
  ONE_REJECTED_OF,
  PAYMENTS_PER_SEND,
  PLATFORMS,
  sendEveryUs,
  WORKERS,
  type History,
} from "./history.ts";

/** What a table has of a history: each column with the SQL of its value. */
export interface OldTable {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
  /** FROM these, WHERE there is more to say. */
  readonly from: string;
}

export const CHAIN_ID = String(OWN_INSTANCE.chainId);
export const PAY_ONCE = `'${OWN_INSTANCE.payOnce}'`;
export const TOKEN = `'${LEDGER_TOKEN}'`;
/** Of a key that was rotated since: those who send now have nonces of their own. */
export const OPERATOR = `'0x${"0".repeat(36)}01d0'`;

export const SEND_ID = "md5('send ' || o.send)::uuid";
export const TX_HASH = "'0x' || encode(sha256(('send ' || o.send)::bytea), 'hex')";
export const TASK_ID = "'task-' || substr(o.hex, 17)";
export const EVENT_ID = "md5('event ' || o.n)::uuid";

/** 2 to 12 USDC, of which 2.5 % are whole micro-units. */
const STEP = "(o.n % 250000)";
export const AMOUNT = `2 + ${STEP} * 0.00004`;
export const FEE = `0.05 + ${STEP} * 0.000001`;
export const NET = `1.95 + ${STEP} * 0.000039`;
export const NET_MICROS = `1950000 + ${STEP} * 39`;

export const unlessRejected = (value: string): string =>
  `CASE WHEN NOT o.rejected THEN ${value} END`;

/**
 * Payment by payment what all the rest follows from: its number `n`, its `send` and `place` in it, when that was settled (`at`)
 * and in which `block`, as `o`; and its worker and platform, `w` and `p`. All of them, or those from that send on.
 */
export function eachPayment(history: History, firstSend = 0): string {
  const send = `n / ${PAYMENTS_PER_SEND}`;
  return `(SELECT n, ${send} AS send, (n % ${PAYMENTS_PER_SEND})::integer AS place, n % ${ONE_REJECTED_OF} = 0 AS rejected,
      md5('payment ' || n) AS hex, ${atOf(history, send)} AS at, ${blockOf(history, send)} AS block
    FROM generate_series(${firstSend * PAYMENTS_PER_SEND}::bigint, ${history.payments - 1}) AS n OFFSET 0) AS o
  JOIN old_workers w ON w.number = o.n * 7919 % ${WORKERS}
  JOIN old_platforms p ON p.number = o.n % ${PLATFORMS}`;
}

/** Send by send, as `o` too. */
export function eachSend(history: History): string {
  const sends = history.payments / PAYMENTS_PER_SEND;
  return `(SELECT send, ${atOf(history, "send")} AS at, ${blockOf(history, "send")} AS block
    FROM generate_series(0::bigint, ${sends - 1}) AS send OFFSET 0) AS o`;
}

/** Fills it, as one statement. */
export function insertOf({ table, columns, from }: OldTable): string {
  return `INSERT INTO ${table} (${Object.keys(columns).join(", ")})
SELECT ${Object.values(columns).join(",\n  ")}
FROM ${from}`;
}

function atOf(history: History, send: string): string {
  const { startMs } = history;
  return `to_timestamp(${startMs / 1_000}) + (${send}) * interval '${sendEveryUs(history)} microseconds'`;
}

function blockOf(history: History, send: string): string {
  const olderUs = (history.startMs - history.chainBeganAtMs) * 1_000;
  return `(${olderUs} + (${send}) * ${sendEveryUs(history)}) / ${BURST_MS * 1_000}`;
}
