import { z } from "zod";
import { TASK_STATUSES } from "../../directory/put-tasks.ts";
import { SETUP_STEPS } from "../missing-setup.ts";
import { amount, amountIn, currencyIn, opaqueId, prose, time } from "./primitives.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "Give an address: 0x and 40 hex digits.")
  .toLowerCase()
  .meta({
    description: "A wallet's address",
    example: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
  });

const name = prose("Give a name, without NUL.", 200).meta({ example: "Acme Deliveries" });

const FEE_RULE = 'Give a percentage below 100 with at most 4 decimals, as a string such as "2.5".';

const feePercentage = z
  .string(FEE_RULE)
  .regex(/^[0-9]{1,2}(?:\.[0-9]{1,4}0{0,2})?$/, FEE_RULE)
  .meta({ id: "FeePercentage", description: "A percentage below 100", example: "2.5" });

export const platformIn = z
  .strictObject({
    name,
    walletAddress: address.meta({ description: "The wallet that pays" }),
    taskSource: z.enum(["directory", "event"]).meta({
      description:
        "`directory`: a task must be known and completed to be paid; `event`: its own report creates it",
    }),
    feePercentage: feePercentage
      .nullable()
      .optional()
      .meta({ description: "Null or absent: the deployment's own" }),
  })
  .meta({ id: "PlatformIn" });

export const platform = z
  .object({
    id: z.string(),
    name: z.string(),
    walletAddress: z.string(),
    taskSource: z.enum(["directory", "event"]),
    feePercentage: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Platform" });

/** Why the chain's word is missing. */
export const CHAIN_SILENT = "chain_unavailable";

export const platformDetail = platform
  .extend({
    funds: z
      .array(
        z.object({
          currency: z.string(),
          balance: amount,
          allowance: amount.meta({ description: "What may be moved of it" }),
          blocked: z.boolean().meta({ description: "Whether the token refuses this wallet" }),
        }),
      )
      .nullable()
      .meta({ description: "What its wallet has, by currency" }),
    fundsReason: z.enum([CHAIN_SILENT]).nullable().meta({ description: "Why `funds` is null" }),
    missingSetup: z
      .array(
        z.object({
          code: z.enum(SETUP_STEPS),
          currency: z.string().nullable(),
          detail: z.string().meta({ description: "What to do, in one sentence" }),
        }),
      )
      .nullable()
      .meta({ description: "What keeps it from paying; empty: nothing" }),
  })
  .meta({ id: "PlatformDetail" });

const workerMembers = { walletAddress: address, name: name.nullable().optional() };
export const workerIn = z.strictObject(workerMembers).meta({ id: "WorkerIn" });
export const workerItem = z
  .strictObject({ id: opaqueId, ...workerMembers })
  .meta({ id: "WorkerItem" });

export const worker = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    walletAddress: z.string().nullable(),
    reputation: z.int().meta({ description: "Points for completed tasks" }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Worker" });

const taskMembers = {
  platformId: opaqueId,
  workerId: opaqueId,
  amount: amountIn,
  currency: currencyIn,
  status: z
    .enum(TASK_STATUSES)
    .meta({ description: "Only a `completed` task is paid; `paid` is said by the service alone" }),
};
export const taskIn = z.strictObject(taskMembers).meta({ id: "TaskIn" });
export const taskItem = z.strictObject({ id: opaqueId, ...taskMembers }).meta({ id: "TaskItem" });

export const task = z
  .object({
    id: z.string(),
    platformId: z.string(),
    workerId: z.string(),
    amount,
    currency: z.string(),
    status: z.enum([...TASK_STATUSES, "paid"]),
    paymentId: z.guid().nullable(),
    paidAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Task" });

const itemProblem = z.object({
  code: z.string(),
  message: z.string(),
  field: z.string().nullable(),
});

/** What became of each row of a bulk, in order. */
export const putReport = z
  .object({
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    rejected: z.int(),
    results: z.array(
      z.object({
        index: z.int(),
        id: z.string(),
        status: z.enum(["created", "updated", "unchanged", "rejected"]),
        problem: itemProblem.nullable(),
      }),
    ),
  })
  .meta({ id: "PutReport" });
