import type { RollBack } from "../database/transact.ts";
import type { Transaction } from "../database/pool.ts";
import type {
  AcceptOutcome,
  OffsetMove,
  Submission,
  SubmissionResult,
} from "../payment/submission.ts";
import { isTraceparent } from "../payment/traceparent.ts";
import type { AcceptanceDeps, AfterCommit } from "./acceptance-deps.ts";
import type { CheckedSubmission } from "./check-submission.ts";
import { decideBatch, type Decision } from "./decide-batch.ts";
import { writePlatformDays } from "./platform-days.ts";
import { makeDeadLetter, type DeadLetter } from "./make-dead-letter.ts";
import { moveOffsets } from "./move-offsets.ts";
import { readFacts } from "./read-facts.ts";
import { readKnown } from "./read-known.ts";
import { readRecent } from "./recent-payments.ts";
import { writeDeadLetters } from "./write-dead-letters.ts";
import { writeFailures } from "./write-failures.ts";
import { insertInbox, type InboxRow } from "./write-inbox.ts";
import { insertPayments, type PaymentRow } from "./write-payments.ts";
import { writeTasks, type TaskRow } from "./write-tasks.ts";

/** A submission with the verdict of the rules that need no database. */
export interface CheckedItem {
  readonly submission: Submission;
  readonly checked: CheckedSubmission;
}

export interface Accepted {
  readonly results: readonly SubmissionResult[];
  readonly planned: number;
  readonly waiting: number;
  readonly announced: number;
  /** What was made, and what cannot be made anything of; for counting. */
  readonly payments: readonly PaymentRow[];
  readonly letters: readonly DeadLetter[];
  /** The database's clock. */
  readonly now: Date;
  readonly afterCommit: AfterCommit;
}

/** The body of commit 1: reads the facts, decides with pure code, and writes all of it; few statements, whatever the size. */
export async function acceptOnce(
  tx: Transaction,
  deps: AcceptanceDeps,
  input: { readonly items: readonly CheckedItem[]; readonly offsets: readonly OffsetMove[] },
  rollBack: RollBack<AcceptOutcome>,
): Promise<Accepted> {
  const { settings } = deps;
  const conflicts = await moveOffsets(tx, input.offsets);
  if (conflicts.length > 0) return rollBack({ kind: "offset_conflict", partitions: conflicts });

  const candidates = input.items.flatMap(({ checked }) => (checked.ok ? [checked.candidate] : []));
  const directory = await readFacts(tx, settings, candidates);
  const known = await readKnown(tx, candidates);
  // Repeats are planned no more, and neither read nor hold anything.
  const knownIds = new Set(known.payments.map(({ paymentId }) => paymentId));
  const fresh = candidates.filter(({ paymentId }) => !knownIds.has(paymentId));
  const facts = { directory, known, recent: await readRecent(tx, settings.risk, fresh, []) };
  const decisions = decideBatch(input.items.map(withRecordTime), facts, settings);
  const rows = sortOut(deps, input.items, decisions);
  const { now } = directory;
  await writeTasks(tx, rows.tasks);
  await insertPayments(tx, settings, now, rows.payments);
  await writePlatformDays(tx, settings.risk, facts.recent.platforms, {
    now,
    planned: rows.payments.flatMap(({ plan, candidate }) =>
      plan.state === "planned" ? [candidate] : [],
    ),
  });
  await insertInbox(tx, now, rows.inbox);
  const failed = rows.payments.flatMap(failedOf);
  await writeFailures(tx, deps, now, failed);
  const letters = await writeDeadLetters(tx, settings.topics.deadLetters, now, rows.letters);
  const adopted = rows.payments.flatMap(({ plan, candidate }) =>
    "adopt" in plan && plan.adopt ? [candidate.paymentId] : [],
  );
  const afterCommit = adopted.length > 0 ? await deps.adopt(tx, adopted) : () => undefined;
  return {
    results: rows.results,
    planned: count(rows, "planned") + count(rows, "voiding"),
    waiting: count(rows, "accepted"),
    announced: failed.length + rows.letters.length + adopted.length,
    payments: rows.payments,
    letters,
    now,
    afterCommit,
  };
}

interface Rows {
  readonly payments: PaymentRow[];
  readonly inbox: InboxRow[];
  readonly tasks: TaskRow[];
  readonly letters: DeadLetter[];
  readonly results: SubmissionResult[];
}

function sortOut(
  deps: AcceptanceDeps,
  items: readonly CheckedItem[],
  decisions: readonly Decision[],
): Rows {
  const rows: Rows = { payments: [], inbox: [], tasks: [], letters: [], results: [] };
  for (const [index, decision] of decisions.entries()) {
    const submission = items[index]?.submission;
    if (!submission) break;
    const { source } = submission;
    if (decision.kind === "refused") {
      const { objection, verdict, platformId, paymentId } = decision;
      const letter =
        source.kind === "kafka"
          ? makeDeadLetter(source, { objection, platformId, paymentId })
          : undefined;
      if (letter) rows.letters.push(letter);
      rows.results.push({ verdict, ...objection, paymentId, deadLetterId: letter?.id ?? null });
      continue;
    }
    const { candidate, payment } = decision;
    const verdict = decision.kind;
    if (decision.kind === "new") {
      rows.payments.push(paymentRow(deps, submission, decision));
      if (decision.task) rows.tasks.push({ candidate, write: decision.task });
    }
    if (decision.kind === "new" || decision.keepEvent) {
      rows.inbox.push({ candidate, verdict, source });
    }
    const { paymentId, generation, state, failure } = payment;
    rows.results.push({ verdict, paymentId, generation, state, failure });
  }
  return rows;
}

/** A trace context from outside that is none is not carried on. */
function paymentRow(
  { tracing }: AcceptanceDeps,
  { bulkId, traceparent, origin, receivedAtMs }: Submission,
  { candidate, plan }: Extract<Decision, { kind: "new" }>,
): PaymentRow {
  return {
    candidate,
    plan,
    bulkId: bulkId ?? null,
    traceparent: isTraceparent(traceparent) ? traceparent : tracing.begin(candidate.paymentId),
    origin,
    receivedAtMs,
  };
}

function failedOf({ candidate, plan, traceparent }: PaymentRow) {
  if (plan.state !== "failed") return [];
  const { eventId: sourceEventId, paymentId, platformId, taskId, workerId } = candidate;
  const { amount, currency } = candidate;
  const identity = { paymentId, platformId, taskId, workerId, amount, currency, sourceEventId };
  return [{ ...identity, generation: 1, failure: plan.failure, attempts: 0, traceparent }];
}

function withRecordTime({ submission: { source }, checked }: CheckedItem) {
  return { ...checked, recordedAt: source.kind === "kafka" ? source.timestamp : null };
}

function count(rows: Rows, state: PaymentRow["plan"]["state"]): number {
  return rows.payments.filter(({ plan }) => plan.state === state).length;
}
