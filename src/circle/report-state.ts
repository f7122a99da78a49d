import { z } from "zod";
import type { SendReport } from "../dispatch/rail.ts";

/** What we read of Circle's transaction; the API sends empty strings where it has nothing. */
export const circleTransaction = z.object({
  id: z.string(),
  state: z.string(),
  txHash: z.string().nullish(),
  errorReason: z.string().nullish(),
  errorDetails: z.string().nullish(),
  refId: z.string().nullish(),
  destinationAddress: z.string().nullish(),
  amounts: z.array(z.string()).nullish(),
});
export type CircleTransaction = z.infer<typeof circleTransaction>;

/** The operator's own wallet lacks gas: no payment's fault, so its payments lose no try, and the send gets a new key. */
const OPERATOR_OUT_OF_GAS = ["INSUFFICIENT_NATIVE_TOKEN", "INSUFFICIENT_TOKEN"];

/**
 * Circle's state as a report. Only the three unpaid ends say that a send is over, and even they are a hint: its
 * payments go on, and PayOnce keeps a late execution from paying twice. A state nobody knows is still in flight.
 */
export function reportState(transaction: CircleTransaction): SendReport {
  const { id, state, txHash, errorReason, errorDetails } = transaction;
  const detail = [errorReason, errorDetails].filter(Boolean).join(": ").slice(0, 500);
  switch (state) {
    case "FAILED":
      if (OPERATOR_OUT_OF_GAS.includes(errorReason ?? "")) {
        return { kind: "refused", code: "operator_out_of_gas", detail };
      }
      return { kind: "dead", code: "circle_failed", detail };
    case "DENIED":
      return { kind: "dead", code: "circle_denied", detail };
    case "CANCELLED":
      return { kind: "dead", code: "circle_cancelled", detail };
    default:
      return {
        kind: "accepted",
        circleId: id,
        circleState: state,
        ...(txHash ? { txHash: txHash.toLowerCase() } : {}),
      };
  }
}
