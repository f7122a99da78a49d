import assert from "node:assert/strict";
import type { RollBack } from "../database/transact.ts";
import { transact } from "../database/transact.ts";
import type { Transaction } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import type { PaymentState } from "../payment/state.ts";
import type { AcceptOutcome, Submission, SubmissionResult } from "../payment/submission.ts";
import { acceptOnce, type Accepted } from "./accept-once.ts";
import type { AcceptanceDeps, AfterCommit } from "./acceptance-deps.ts";
import { checkSubmission, type CheckedSubmission, type Objection } from "./check-submission.ts";
import { closeLetter, keepLetterOpen } from "./close-letter.ts";
import { countAccepted } from "./count-accepted.ts";
import type { OperatorOrder } from "./operator-order.ts";
import { outrun } from "./outrun.ts";
import { reopenPayment, type Reopening } from "./reopen-payment.ts";
import { lockLetter, readLetter, submissionOf, type LetterStatus } from "./stored-letters.ts";

export interface ReplayDeps extends AcceptanceDeps {
  /** Throws a `PaymentError` with disposition retry only where the registry cannot be asked. */
  readonly decodeTaskCompleted: (value: Buffer | null) => Promise<Submission["decoded"]>;
}

export interface ReplayOrder extends OperatorOrder {
  /** Everything is done and taken back: the answer says what would happen. */
  readonly dryRun: boolean;
}

export type ReplayResult =
  | {
      readonly kind: "replayed";
      /** `new`: it made the payment; `duplicate`: it was there; `reopened`: it opened a generation of a failed one. */
      readonly verdict: "new" | "duplicate" | "reopened";
      readonly paymentId: string;
      readonly generation: number;
      readonly state: PaymentState;
    }
  /** Refused again: the letter stays open under this reason. */
  | ({ readonly kind: "refused"; readonly paymentId: string | null } & Objection)
  | { readonly kind: "closed"; readonly status: LetterStatus["status"] }
  | { readonly kind: "not_found" };

const STAGES = ["dispatch", "relay", "recheck"] as const;

/**
 * Feeds a dead letter's own bytes through the accept commit once more and closes the letter in that commit; refused again
 * it stays open, with the new reason. A conflict with a failed payment opens that payment's next generation. Safe to
 * repeat, also after doubt: a letter that is closed does nothing any more.
 * Throws REGISTRY_UNAVAILABLE and DATABASE_*: nothing of this letter was kept, or all of it.
 */
export async function replayDeadLetter(
  deps: ReplayDeps,
  id: string,
  order: ReplayOrder,
): Promise<ReplayResult> {
  const orderedAtMs = performance.now();
  const letter = await askDatabase(() => readLetter(deps.pool, id));
  if (!letter) return { kind: "not_found" };
  const decoded = await deps.decodeTaskCompleted(letter.value);
  const submission = submissionOf(letter, decoded, orderedAtMs);
  const replay = { id, submission, checked: checkSubmission(submission) };
  try {
    return await commit(deps, replay, order);
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    // A restore that nobody has confirmed opens no generation; the letter is as it was, and its neighbours go on.
    if (error.code === "OPERATION_REFUSED") return { kind: "refused", ...unconfirmed(error) };
    if (error.code !== "DATABASE_VALUE_REFUSED") throw error;
    const message = `The database refused a value of this record: ${error.message}. Correct it and send a new event.`;
    const objection = { code: "value_refused", message, field: null };
    return commit(deps, { ...replay, checked: { ok: false, objection } }, order);
  }
}

function unconfirmed({ message }: PaymentError) {
  return { code: "restore_unconfirmed", message, field: null, paymentId: null };
}

interface Replay {
  readonly id: string;
  readonly submission: Submission;
  readonly checked: CheckedSubmission;
}

interface Replayed {
  readonly result: ReplayResult;
  /** Absent where there was nothing to be accepted. */
  readonly accepted?: Accepted;
  readonly afterCommit: AfterCommit;
}

async function commit(deps: ReplayDeps, replay: Replay, order: ReplayOrder): Promise<ReplayResult> {
  const { result, accepted, afterCommit } = await outrun(() =>
    transact<Replayed, Replayed>(deps.pool, async (tx, rollBack) => {
      const replayed = await replayWithin(tx, deps, replay, order);
      await failpoint("replay.before_commit");
      if (!order.dryRun) return replayed;
      return rollBack({ ...replayed, afterCommit: () => undefined });
    }),
  );
  await failpoint("replay.committed");
  afterCommit();
  if (order.dryRun) return result;
  if (accepted) countAccepted(deps.metrics, accepted);
  if (result.kind !== "replayed") return result;
  if (result.verdict === "reopened") deps.metrics.accepted.add({ origin: "replay" });
  STAGES.forEach(deps.announce);
  return result;
}

async function replayWithin(
  tx: Transaction,
  deps: ReplayDeps,
  replay: Replay,
  order: OperatorOrder,
): Promise<Replayed> {
  const { id, submission, checked } = replay;
  const before = await lockLetter(tx, id);
  const nothing = () => undefined;
  if (!before) return { result: { kind: "not_found" }, afterCommit: nothing };
  if (before.status !== "open") {
    return { result: { kind: "closed", status: before.status }, afterCommit: nothing };
  }
  const input = { items: [{ submission, checked }], offsets: [] };
  const accepted = await acceptOnce(tx, deps, input, noConflict);
  const [first] = accepted.results;
  assert(first, "one result per submission");
  const { result, afterCommit } = await settleConflict(tx, deps, replay, { first, order });
  if (result.kind === "replayed") {
    const { kind: _, ...effect } = result;
    await closeLetter(tx, { id, before }, "replayed", { ...order, effect });
  } else if (result.kind === "refused") {
    const { code, message, field, paymentId } = result;
    const platformId = checked.ok ? checked.candidate.platformId : null;
    const refusal = { objection: { code, message, field }, platformId, paymentId };
    await keepLetterOpen(tx, { id, before }, refusal, order);
  }
  return {
    result,
    accepted,
    afterCommit() {
      accepted.afterCommit();
      afterCommit();
    },
  };
}

/** A replay moves no offset. */
const noConflict: RollBack<AcceptOutcome> = (answer) => assert.fail(answer.kind);

async function settleConflict(
  tx: Transaction,
  deps: ReplayDeps,
  { id, submission, checked }: Replay,
  { first, order }: { first: SubmissionResult; order: OperatorOrder },
): Promise<Replayed> {
  const nothing = () => undefined;
  if (!("code" in first)) {
    const { verdict, paymentId, generation, state } = first;
    return {
      result: { kind: "replayed", verdict, paymentId, generation, state },
      afterCommit: nothing,
    };
  }
  const { code, message, field, paymentId } = first;
  const refused = { kind: "refused", code, message, field, paymentId } as const;
  const isOwn = checked.ok && paymentId === checked.candidate.paymentId;
  if (first.verdict !== "conflict" || !isOwn) return { result: refused, afterCommit: nothing };
  const contradiction = {
    candidate: checked.candidate,
    submission,
    eventKnown: code === "event_id_conflict",
    deadLetterId: id,
  };
  const reopening = await reopenPayment(tx, deps, contradiction, order);
  return {
    result: resultOf(reopening, checked.candidate.paymentId) ?? refused,
    afterCommit: reopening.kind === "paid_on_chain" ? reopening.afterCommit : nothing,
  };
}

function resultOf(reopening: Reopening, paymentId: string): ReplayResult | undefined {
  switch (reopening.kind) {
    case "stands":
      return undefined;
    case "duplicate": {
      const { generation, state } = reopening.payment;
      return { kind: "replayed", verdict: "duplicate", paymentId, generation, state };
    }
    case "reopened": {
      const { generation } = reopening;
      return { kind: "replayed", verdict: "reopened", paymentId, generation, state: "planned" };
    }
    case "refused":
      return { kind: "refused", paymentId, ...reopening.objection };
    case "paid_on_chain":
      return { kind: "refused", paymentId, ...PAID_ON_CHAIN };
  }
}

const PAID_ON_CHAIN: Objection = {
  code: "task_already_paid",
  message:
    "The chain says that this task was paid; look at its payment, which is settled by that or goes to review.",
  field: null,
};
