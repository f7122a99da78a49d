import { z } from "zod";

const mismatch = z.object({
  kind: z.string(),
  severity: z.enum(["broken", "late"]),
  paymentId: z.string().nullable(),
  blockNumber: z.number().nullable(),
  detail: z.string(),
});

/** What `gigpay verify --json` says. */
export const verifyReport = z.object({
  checks: z.array(
    z.object({ name: z.string(), rows: z.number(), ms: z.number(), mismatches: z.number() }),
  ),
  mismatches: z.array(mismatch),
  isCut: z.boolean(),
  blocksChecked: z.object({ from: z.number(), to: z.number() }).nullable(),
});
export type VerifyReport = z.infer<typeof verifyReport>;

/** What is verified; what is left out, as `gigpay verify` does it. */
export interface Wanted {
  readonly fromBlock?: number | undefined;
  readonly toBlock?: number | undefined;
  /** How many payments' slots are asked for. */
  readonly slots?: number | undefined;
}

/** Compares the ledger with itself and with the chain. Rejects when it cannot, or the signal aborts. */
export type Verify = (wanted: Wanted, signal: AbortSignal) => Promise<VerifyReport>;
