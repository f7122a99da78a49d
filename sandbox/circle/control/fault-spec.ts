import { z } from "zod";

/** Which requests, transactions or notifications a fault may befall; every field given must agree. */
const matchSchema = z.strictObject({
  method: z.string().optional(),
  /** A part of the path's template, such as "/transactions/transfer" or "/transactions/:id". */
  path: z.string().optional(),
  walletId: z.string().optional(),
  idempotencyKey: z.string().optional(),
  refId: z.string().optional(),
  transactionId: z.string().optional(),
  /** The state that a webhook reports. */
  state: z.string().optional(),
});

const common = {
  match: matchSchema.optional(),
  /** How often it strikes; null: until cleared. Default 1. */
  count: z.int().min(1).nullable().optional(),
  /** How many that match it lets pass first. Default 0. */
  skip: z.int().min(0).optional(),
  /** The chance that it strikes one that matches. Default 1. */
  probability: z.number().min(0).max(1).optional(),
};

const delayMs = z.number().min(0);

const kinds = {
  /** The connection is reset instead of answered, before or after the request took effect. */
  loseAnswer: { executed: z.boolean() },
  /** No answer ever, before or after the request took effect. */
  hang: { executed: z.boolean() },
  /** Another HTTP answer: 429, 500, 502, 503 …, before or after the request took effect. */
  answer: {
    executed: z.boolean(),
    status: z.int().min(400).max(599),
    body: z.enum(["json", "html", "none"]),
    retryAfterSeconds: z.number().optional(),
  },
  /** One of Circle's codes (155264, 156004, 156020 …); nothing takes effect. */
  refuse: { code: z.int() },
  /** The request lies on the wire that long before Circle reads it, even if the client has hung up. */
  arriveLate: { delayMs },
  /** The request takes effect at once; its answer comes late. */
  answerLate: { delayMs },
  /** One accepted request is broadcast as two chain transactions with two nonces. */
  executeTwice: {},
  /** SENT comes that much later than drawn. */
  executeLate: { delayMs },
  /** The idempotency key of a repeated request is no longer known. */
  forgetKey: {},
  /**
   * Circle shows this state, any string, whether or not the transaction was executed. STUCK without execution holds
   * its nonce back, as a transaction does that the mempool dropped. With forMs the truth comes back after that long.
   */
  forceState: {
    state: z.string().min(1),
    executed: z.boolean(),
    errorReason: z.string().optional(),
    errorDetails: z.string().optional(),
    /** Show the hash of what was executed. */
    showTxHash: z.boolean().optional(),
    forMs: delayMs.optional(),
  },
  /** Reads lag: transactions show an earlier state, or are not found in lists yet. */
  staleGet: {
    statesBehind: z.int().min(1).optional(),
    hideYoungerThanMs: z.number().positive().optional(),
  },
  /**
   * A notification is sent twice, late (so that later ones overtake it), never, with the body changed after signing,
   * signed with a foreign key under our key id, or under a key id nobody knows.
   */
  webhook: {
    mode: z.enum(["duplicate", "late", "drop", "tamper", "forge", "unknownKey"]),
    delayMs: delayMs.optional(),
  },
} as const;

export const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("loseAnswer"), ...kinds.loseAnswer, ...common }),
  z.strictObject({ kind: z.literal("hang"), ...kinds.hang, ...common }),
  z.strictObject({ kind: z.literal("answer"), ...kinds.answer, ...common }),
  z.strictObject({ kind: z.literal("refuse"), ...kinds.refuse, ...common }),
  z.strictObject({ kind: z.literal("arriveLate"), ...kinds.arriveLate, ...common }),
  z.strictObject({ kind: z.literal("answerLate"), ...kinds.answerLate, ...common }),
  z.strictObject({ kind: z.literal("executeTwice"), ...kinds.executeTwice, ...common }),
  z.strictObject({ kind: z.literal("executeLate"), ...kinds.executeLate, ...common }),
  z.strictObject({ kind: z.literal("forgetKey"), ...kinds.forgetKey, ...common }),
  z.strictObject({ kind: z.literal("forceState"), ...kinds.forceState, ...common }),
  z.strictObject({ kind: z.literal("staleGet"), ...kinds.staleGet, ...common }),
  z.strictObject({ kind: z.literal("webhook"), ...kinds.webhook, ...common }),
]);

export type FaultSpec = z.infer<typeof faultSchema>;
export type FaultKind = FaultSpec["kind"];
export type FaultOf<K extends FaultKind> = Extract<FaultSpec, { kind: K }>;
export type FaultMatch = z.infer<typeof matchSchema>;
