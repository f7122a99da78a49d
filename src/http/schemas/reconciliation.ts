import { z } from "zod";
import { verifyReport } from "../../reconciling/reconciliation.ts";
import { reason } from "./operating.ts";
import { time } from "./primitives.ts";

const block = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const reconciliationIn = z
  .strictObject({
    reason,
    fromBlock: block.optional().meta({ description: "10,000 before the last unless given" }),
    toBlock: block.optional().meta({ description: "The last that was followed unless given" }),
    slots: z
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .meta({ description: "How many payments' slots are asked for; 1,000 unless given" }),
  })
  .meta({ id: "ReconciliationIn" });

const members = {
  id: z.guid(),
  status: z.enum(["running", "done", "failed"]),
  requestedBy: z.string(),
  reason: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  mismatchCount: z
    .int()
    .nullable()
    .meta({ description: "0: all is as it should be; null unless done" }),
  error: z.string().nullable().meta({ description: "Why it could not be verified" }),
};

export const reconciliation = z.object(members).meta({ id: "Reconciliation" });

export const reconciliationDetail = z
  .object({
    ...members,
    report: verifyReport
      .nullable()
      .meta({ description: "As `gigpay verify --json` has it; null unless done" }),
  })
  .meta({ id: "ReconciliationDetail" });
