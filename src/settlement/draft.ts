import type { PaymentFacts, Verdict } from "../payment/evidence.ts";
import type { RailName } from "../payment/events.ts";
import type { Micros } from "../payment/money.ts";

/** A locked payment: what evidence is judged by, and everything that settling may change. */
export interface Draft extends PaymentFacts {
  readonly id: string;
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly currency: string;
  readonly sourceEventId: string;
  readonly traceparent: string | null;
  readonly occurredAt: Date;
  readonly rail: RailName | null;
  readonly fee: Micros | null;
  /** The open send it travels in. */
  readonly transactionId: string | null;
  readonly nextAttemptAt: Date | null;
  readonly reviewAt: Date | null;
  readonly doubtSince: Date | null;
  readonly operator: string | null;
  readonly blockNumber: bigint | null;
  readonly circleTransactionId: string | null;
  readonly voidTxHash: string | null;
  readonly voidWantedAt: Date | null;
  /** When the newest send that pays was taken by the provider or a node. */
  readonly submittedAt: Date | null;
  readonly followedAt: Date | null;
  readonly logsReadAt: Date | null;
  readonly settledAt: Date | null;
}

export interface VerdictContext {
  /** The database's clock at this commit. */
  readonly now: Date;
  /** When the head of the evidence's block was heard of, and when its logs had been read, by the database's clock. */
  readonly followedAt: Date;
  readonly logsReadAt: Date;
  /** The rail of this deployment: for payments that a restore made forget theirs. */
  readonly rail: RailName;
  /** The send that brought the evidence, where it is one of ours. */
  readonly send: { readonly operator: string; readonly circleId: string | null } | undefined;
}

/** The payment after a verdict. Pure; `alarm` and `ignore` change nothing. */
export function applyVerdict(draft: Draft, verdict: Verdict, context: VerdictContext): Draft {
  const { now } = context;
  switch (verdict.kind) {
    case "complete":
      return completed(draft, verdict, context);
    case "fail":
      return {
        ...draft,
        ...ended(context),
        state: "failed",
        failure: verdict.failure,
        tries: verdict.tries ?? draft.tries,
        voidTxHash: verdict.voidTxHash,
        outcomes: new Map(draft.outcomes).set(draft.generation, "failed"),
      };
    case "retry":
      return { ...waiting(draft, now, verdict.delayMs), ...seen(context), tries: verdict.tries };
    case "wait":
      return { ...waiting(draft, now, verdict.delayMs), ...seen(context) };
    case "void":
      return {
        ...waiting(draft, now, 0),
        ...seen(context),
        // Doubt stays doubt, with a human looking; what is sent for it changes.
        state: draft.state === "planned" ? "voiding" : draft.state,
        intent: "void",
        tries: verdict.tries,
        failure: verdict.failure,
        voidWantedAt: draft.voidWantedAt ?? now,
      };
    case "doubt":
      return {
        ...waiting(draft, now, 0),
        ...seen(context),
        state: "review",
        intent: verdict.intent,
        nextAttemptAt: verdict.intent === null ? null : after(now, REVIEW_DELAY_MS),
        doubtReason: verdict.reason,
        doubtSince: draft.doubtSince ?? now,
        settledAt: null,
      };
    case "unproven":
      return { ...kept(draft, verdict.reason, now), ...seen(context) };
    case "alarm":
    case "ignore":
      return draft;
  }
}

/** A payment whose send was mined without deciding it: it is free to travel again. */
export function release(draft: Draft, now: Date): Draft {
  return waiting(draft, now, RELEASE_DELAY_MS);
}

/** What is in doubt is sent again slowly: a human is on the way. */
const REVIEW_DELAY_MS = 60_000;
/** No verdict asked for it, so it cannot be urgent; slower than capacity, so that it cannot spin. */
const RELEASE_DELAY_MS = 2_000;

function completed(
  draft: Draft,
  { generation, terms, paid }: Extract<Verdict, { kind: "complete" }>,
  context: VerdictContext,
): Draft {
  const { send } = context;
  return {
    ...draft,
    ...ended(context),
    state: "completed",
    generation,
    terms,
    fee: draft.amount - terms.amount,
    rail: draft.rail ?? context.rail,
    failure: null,
    completedBy: paid.log,
    blockNumber: paid.blockNumber,
    outcomes: new Map(draft.outcomes).set(generation, "completed"),
    operator: send?.operator ?? draft.operator,
    circleTransactionId: send?.circleId ?? draft.circleTransactionId,
  };
}

function ended(context: VerdictContext) {
  return {
    ...seen(context),
    intent: null,
    transactionId: null,
    nextAttemptAt: null,
    reviewAt: null,
    doubtReason: null,
    doubtSince: null,
    settledAt: context.now,
  };
}

function seen({ followedAt, logsReadAt }: VerdictContext) {
  return { followedAt, logsReadAt };
}

/** Answered, so nothing of it is in doubt until the next send. */
function waiting(draft: Draft, now: Date, delayMs: number): Draft {
  return {
    ...draft,
    transactionId: null,
    nextAttemptAt: draft.intent === null ? null : after(now, delayMs),
    reviewAt: null,
  };
}

/** In review, and on its way all the same: what it travels in goes on being looked at. */
function kept(draft: Draft, doubtReason: string, now: Date): Draft {
  const doubtSince = draft.doubtSince ?? now;
  return { ...draft, state: "review", doubtReason, doubtSince, reviewAt: null };
}

function after(now: Date, delayMs: number): Date {
  return new Date(now.getTime() + delayMs);
}
