import { z } from "zod";
import { HOLDS, OPEN_STATES } from "../../metrics/catalogue/labels.ts";
import { time } from "./primitives.ts";

const checkStatus = z.enum(["ok", "degraded", "unavailable"]);

export const readiness = z
  .object({
    status: checkStatus,
    checks: z.array(
      z.object({ name: z.string(), status: checkStatus, detail: z.string().nullable() }),
    ),
  })
  .meta({ id: "Readiness" });

const total = {
  count: z.int().meta({ description: "Of a greater backlog than 10,000 so many are counted" }),
  oldestAgeSeconds: z.number().meta({ description: "0 where there is none" }),
};

export const deploymentStatus = z
  .object({
    rail: z.enum(["circle", "arc"]),
    method: z.enum(["payonce", "transfer"]),
    chainId: z.int(),
    payOnce: z.string().nullable().meta({ description: "Null with plain transfers" }),
    instanceId: z.string().meta({ description: "Who answers" }),
    commit: z.string(),
    readiness,
    open: z
      .array(z.object({ state: z.enum(OPEN_STATES), ...total }))
      .meta({ description: "What should be moving, or is in doubt" }),
    held: z
      .array(z.object({ reason: z.enum(HOLDS), ...total }))
      .meta({ description: "What waits for money, a pause or a restore" }),
    pauses: z.array(
      z.object({
        scope: z.string().meta({ description: "A platform's id, or `*` for everything" }),
        reason: z.string(),
        actor: z.string(),
        since: time,
      }),
    ),
    isRestoreOpen: z
      .boolean()
      .meta({ description: "A restored backup that nobody has confirmed: nothing is sent" }),
    outbox: z.object({
      pending: z.int(),
      oldestAgeSeconds: z.number(),
      refused: z.int().meta({ description: "Records that Kafka will not take as they are" }),
    }),
    deadLetters: z.object({ open: z.int(), oldestAgeSeconds: z.number() }),
    liveEvents: z.object({ unnumberedOldestAgeSeconds: z.number() }),
    followedBlock: z.int().nullable(),
    verification: z
      .object({
        verifiedUntil: time,
        verifiedBlock: z.int(),
        mismatches: z.int().meta({ description: "Found by the last look" }),
      })
      .nullable()
      .meta({ description: "Of the ledger, every minute; null before the first" }),
  })
  .meta({ id: "Status" });
