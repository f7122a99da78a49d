import type { SendReport, TransferOrder } from "../dispatch/rail.ts";
import { parseMicros } from "../payment/money.ts";
import { reportState, type CircleTransaction } from "./report-state.ts";

/** The payer's own wallet lacks the amount or its gas. */
const UNFUNDED = ["INSUFFICIENT_NATIVE_TOKEN", "INSUFFICIENT_TOKEN"];

/** Circle's state of a transfer as a report. An unpaid end is dead for good: its key never serves again. */
export function reportTransfer(transaction: CircleTransaction): SendReport {
  const { state: circleState, errorReason, txHash } = transaction;
  const report = reportState(transaction);
  if (report.kind !== "dead" && report.kind !== "refused") return report;
  const isCapacity = UNFUNDED.includes(errorReason ?? "");
  return {
    kind: "dead",
    code: isCapacity ? "payer_out_of_funds" : report.code,
    detail: report.detail,
    circleState,
    ...(isCapacity && { capacity: true }),
    ...(txHash && { txHash: txHash.toLowerCase() }),
  };
}

/**
 * Whether Circle's transaction is the one that was ordered. Circle may answer a key that it knows with what that key
 * bought first, whatever the request said.
 */
export function isAsOrdered(
  { refId, destinationAddress, amounts }: CircleTransaction,
  sendId: string,
  order: TransferOrder,
): boolean {
  const [amount, ...more] = amounts ?? [];
  return (
    refId === sendId &&
    destinationAddress?.toLowerCase() === order.recipient &&
    more.length === 0 &&
    parseMicros(amount ?? "") === order.amount
  );
}
