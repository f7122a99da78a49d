import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { isCurrency } from "../payment/currency.ts";
import type { Terms } from "../payment/evidence.ts";
import { parseMicros } from "../payment/money.ts";
import { PAYMENT_STATES, type PaymentState } from "../payment/state.ts";
import type { Tokens } from "../payment/tokens.ts";
import type { TransferLog } from "../payment/transfer-log.ts";

/** What a transfer of a payment must look like: its own terms or, where a restore forgot them, the directory's. */
export interface ExpectedTransfer {
  readonly paymentId: string;
  readonly state: PaymentState;
  readonly generation: number;
  readonly payer: string | null;
  readonly recipient: string | null;
  /** Today's: a later generation may have gone that way. */
  readonly directory: { readonly payer: string | null; readonly recipient: string | null };
  /** Null: the payment's currency has no token here. */
  readonly token: string | null;
  /** Null: nothing was planned, so that any part of the gross amount may have been its net. */
  readonly net: bigint | null;
  readonly gross: bigint;
  readonly since: Date;
  /** The open send that it travels in. */
  readonly transactionId: string | null;
}

const micros = z.string().transform((text) => parseMicros(text) ?? 0n);
export const expectedRow = z.object({
  id: z.string(),
  state: z.enum(PAYMENT_STATES),
  generation: z.number(),
  payer: z.string().nullable(),
  recipient: z.string().nullable(),
  directory_payer: z.string().nullable(),
  directory_recipient: z.string().nullable(),
  currency: z.string(),
  net: micros.nullable(),
  amount: micros,
  since: z.date(),
  transaction_id: z.string().nullable(),
});

/** Of a payment `p`, its platform `f` and its worker `w`. */
export const expectedColumns = sql.fragment`
  p.id, p.state, p.generation, coalesce(p.payer, f.wallet_address) AS payer,
  coalesce(p.recipient, w.wallet_address) AS recipient, f.wallet_address AS directory_payer,
  w.wallet_address AS directory_recipient, p.currency, p.net_amount::text AS net, p.amount::text,
  least(p.accepted_at, p.occurred_at) AS since, p.transaction_id`;

export const expectedTables = sql.fragment`
  payments p LEFT JOIN platforms f ON f.id = p.platform_id LEFT JOIN workers w ON w.id = p.worker_id`;

export function toExpected(row: z.infer<typeof expectedRow>, tokens: Tokens): ExpectedTransfer {
  const { id: paymentId, state, generation, payer, recipient, currency, net, since } = row;
  const { amount: gross, transaction_id: transactionId } = row;
  const token = isCurrency(currency) ? tokens[currency] : null;
  const directory = { payer: row.directory_payer, recipient: row.directory_recipient };
  const known = { paymentId, state, generation, since, transactionId };
  return { ...known, payer, recipient, directory, token, net, gross };
}

export async function readExpected(
  tx: Transaction,
  tokens: Tokens,
  paymentId: string,
): Promise<ExpectedTransfer | undefined> {
  const row = await tx.maybeOne(sql.type(expectedRow)`
    SELECT ${expectedColumns} FROM ${expectedTables} WHERE p.id = ${paymentId}::uuid`);
  return row ? toExpected(row, tokens) : undefined;
}

/** The terms of the one log that is as expected; undefined where there is none, or more than one. */
export function provenTerms(
  logs: readonly TransferLog[],
  expected: Pick<ExpectedTransfer, "payer" | "recipient" | "token" | "net" | "gross">,
): Terms | undefined {
  const [log, ...more] = logs.filter((each) => isExpected(each, expected));
  if (!log || more.length > 0) return undefined;
  const { payer, token, recipient, amount } = log;
  return { payer, token, recipient, amount };
}

function isExpected(
  { payer, recipient, token, amount }: TransferLog,
  expected: Pick<ExpectedTransfer, "payer" | "recipient" | "token" | "net" | "gross">,
): boolean {
  const isSameRoute =
    payer === expected.payer && recipient === expected.recipient && token === expected.token;
  return isSameRoute && isNetOf(amount, expected);
}

/** Whether an amount may be what the worker got of a payment. */
export function isNetOf(
  amount: bigint,
  { net, gross }: Pick<ExpectedTransfer, "net" | "gross">,
): boolean {
  return net === null ? amount > 0n && amount <= gross : amount === net;
}
