import { z } from "zod";
import { paymentPage } from "../payment-filters.ts";
import { CHAIN_SILENT } from "./directory.ts";
import { amount } from "./primitives.ts";

export const workerStatistics = z
  .object({
    workerId: z.string(),
    total: z.int(),
    completed: z.int(),
    failed: z.int(),
    inReview: z.int(),
    inProgress: z.int(),
    meanLatencyMs: z.number().nullable(),
    successRate: z
      .number()
      .nullable()
      .meta({ description: "Completed of those that ended; null while none did" }),
    byCurrency: z.array(
      z.object({ currency: z.string(), totalAmount: amount, totalFees: amount, totalNet: amount }),
    ),
  })
  .meta({ id: "WorkerStats" });

export const workerEarnings = z
  .object({
    stats: workerStatistics,
    payments: paymentPage.meta({
      description: "The newest; `GET /v1/workers/{id}/payments` takes its cursor",
    }),
    walletBalances: z
      .array(z.object({ currency: z.string(), balance: amount }))
      .nullable()
      .meta({ description: "What the worker's wallet has now, by currency" }),
    walletBalancesReason: z
      .enum(["no_wallet", CHAIN_SILENT])
      .nullable()
      .meta({ description: "Why `walletBalances` is null" }),
  })
  .meta({ id: "WorkerEarnings" });
