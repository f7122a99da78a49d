import { sql } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { refOf } from "../payment/ids.ts";
import { formatMicros, parseMicros } from "../payment/money.ts";
import type { FoundTransaction, PaidLog } from "../payment/pay-once-log.ts";
import type { Cursor } from "../settlement/cursor.ts";
import type { SettleDeps } from "../settlement/settle-logs.ts";
import type { Check } from "./operator-answer.ts";

const termsRow = z.object({
  payer: z.string(),
  recipient: z.string(),
  token: z.string(),
  amount: z.string().transform((text) => parseMicros(text) ?? 0n),
});
type ExpectedTerms = z.infer<typeof termsRow>;

/** Everything about a payment that a transaction must show to prove that it was paid, each with what it shows. */
export async function checkPaid(
  deps: SettleDeps,
  paymentId: string,
  found: FoundTransaction,
  cursor: Cursor | undefined,
): Promise<readonly Check[]> {
  const paid = paidLogOf(found, paymentId);
  const checks = [transactionCheck(found), paidCheck(deps, found, paid)];
  if (found.kind !== "mined" || !paid) return checks;
  const terms = await readTerms(deps, paymentId, paid);
  return [...checks, followedCheck(found, cursor), ...termChecks(terms, paid), proofCheck(paid)];
}

function paidLogOf(found: FoundTransaction, paymentId: string): PaidLog | undefined {
  if (found.kind !== "mined") return undefined;
  const ref = refOf(paymentId);
  return found.logs.find((log): log is PaidLog => log.kind === "paid" && log.ref === ref);
}

function transactionCheck(found: FoundTransaction): Check {
  const actual = { unknown: "not mined", reverted: "reverted", mined: "succeeded" }[found.kind];
  return check("transaction", "succeeded", actual);
}

function paidCheck(
  { instance }: SettleDeps,
  found: FoundTransaction,
  paid: PaidLog | undefined,
): Check {
  const expected = `Paid of this payment by PayOnce ${instance.payOnce}`;
  const said =
    found.kind === "mined" && found.logs.length > 0
      ? `${found.logs.length} logs of it, about other payments or no Paid`
      : "no log of it";
  return check("paid_log", expected, paid ? expected : said);
}

function followedCheck(
  { header }: Extract<FoundTransaction, { kind: "mined" }>,
  cursor: Cursor | undefined,
): Check {
  const passed = cursor !== undefined && header.number <= cursor.number;
  const actual = cursor ? `followed up to block ${cursor.number}` : "nothing followed yet";
  return { name: "followed", expected: `block ${header.number} followed`, actual, passed };
}

/** Compared with the terms of the generation that was paid, where those are known, else with the payment's own. */
function termChecks(terms: ExpectedTerms | undefined, paid: PaidLog): Check[] {
  const unplanned = "no terms: nothing was planned";
  return [
    check("payer", terms?.payer ?? unplanned, paid.payer),
    check("recipient", terms?.recipient ?? unplanned, paid.recipient),
    check("token", terms?.token ?? unplanned, paid.token),
    check("amount", terms ? formatMicros(terms.amount) : unplanned, formatMicros(paid.amount)),
  ];
}

function proofCheck(paid: PaidLog): Check {
  const expected = "the token's own Transfer log";
  return check("transfer_log", expected, paid.transferLogIndex === null ? "none" : expected);
}

function check(name: string, expected: string, actual: string): Check {
  return { name, expected, actual, passed: expected === actual };
}

async function readTerms(
  { pool }: SettleDeps,
  paymentId: string,
  { generation }: PaidLog,
): Promise<ExpectedTerms | undefined> {
  const rows = await askDatabase(() =>
    pool.any(sql.type(termsRow)`
      (SELECT payer, recipient, token, amount::text FROM transaction_items
       WHERE payment_id = ${paymentId}::uuid AND generation = ${generation}::int8 LIMIT 1)
      UNION ALL
      (SELECT payer, recipient, token, net_amount::text FROM payments
       WHERE id = ${paymentId}::uuid AND net_amount IS NOT NULL)
    `),
  );
  return rows[0];
}
