import { z } from "zod";
import type { SendReport } from "../dispatch/rail.ts";

/** What we read of Circle's transaction; the API sends empty strings where it has nothing. */
export const circleTransaction = z.object({
  id: z.string(),
  state: z.string(),
  txHash: z.string().nullish(),
  errorReason: z.string().nullish(),
  errorDetails: z.string().nullish(),
});
export type CircleTransaction = z.infer<typeof circleTransaction>;

/**
 * Circle's state as a report. Only the three unpaid ends say that a send is over, and even they are a hint: its
 * payments go on, and PayOnce keeps a late execution from paying twice. A state nobody knows is still in flight.
 */
export function reportState(transaction: CircleTransaction): SendReport {
  const { id, state, txHash, errorReason, errorDetails } = transaction;
  switch (state) {
    case "FAILED":
    case "DENIED":
    case "CANCELLED":
      return {
        kind: "dead",
        code: `circle_${state.toLowerCase()}`,
        detail: [errorReason, errorDetails].filter(Boolean).join(": ").slice(0, 500),
      };
    default:
      return {
        kind: "accepted",
        circleId: id,
        circleState: state,
        ...(txHash ? { txHash: txHash.toLowerCase() } : {}),
      };
  }
}
