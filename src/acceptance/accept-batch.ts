import { transact } from "../database/transact.ts";
import { dispositionOf, PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import type { AcceptInput, AcceptOutcome, OffsetMove } from "../payment/submission.ts";
import type { TracedPayment } from "../tracing/tracing.ts";
import type { AcceptanceDeps } from "./acceptance-deps.ts";
import { acceptOnce, type Accepted, type CheckedItem } from "./accept-once.ts";
import { checkSubmission } from "./check-submission.ts";
import { countAccepted } from "./count-accepted.ts";
import { findRefused } from "./find-refused.ts";
import { outrun } from "./outrun.ts";
import type { PaymentRow } from "./write-payments.ts";

const STAGES = ["dispatch", "relay", "recheck"] as const;

/**
 * Commit 1: decides a whole batch and makes it durable together with its offsets, all or nothing. A value that the
 * schema refuses after all makes a dead letter of its own submission and never holds up its neighbours.
 * Throws DATABASE_UNAVAILABLE and DATABASE_CONFLICT: the same call may be made again, also after doubt (`reconcile`),
 * because everything is compared with what is stored.
 */
export async function acceptBatch(
  deps: AcceptanceDeps,
  input: AcceptInput,
): Promise<AcceptOutcome> {
  let items: readonly CheckedItem[] = input.submissions.map((submission) => ({
    submission,
    checked: checkSubmission(submission),
  }));
  // Each round takes one bad item out, so there are at most as many as items.
  for (let round = 0; ; round += 1) {
    try {
      return await commit(deps, items, input.offsets);
    } catch (error) {
      if (!isValueRefused(error) || round >= items.length) throw error;
      items = await withoutRefused(deps, items, error);
    }
  }
}

async function commit(
  deps: AcceptanceDeps,
  items: readonly CheckedItem[],
  offsets: readonly OffsetMove[],
): Promise<AcceptOutcome> {
  const startedAt = new Date();
  await failpoint("accept.before");
  const accepted = await outrun(() =>
    transact<Accepted, AcceptOutcome>(deps.pool, async (tx, rollBack) => {
      const written = await acceptOnce(tx, deps, { items, offsets }, rollBack);
      await failpoint("accept.before_commit");
      return written;
    }),
  ).catch((error: unknown) => {
    // It may have been committed all the same: whoever might have work looks.
    if (dispositionOf(error) === "reconcile") for (const stage of STAGES) deps.announce(stage);
    throw error;
  });
  if ("kind" in accepted) return accepted;
  await failpoint("accept.committed");
  accepted.afterCommit();
  countAccepted(deps.metrics, accepted);
  if (items.length > 0) deps.metrics.batch.observe({ stage: "accept" }, items.length);
  const payments = accepted.payments.map(tracedOf);
  deps.tracing.batch({ name: "accept", startedAt, payments });
  if (accepted.planned > 0) deps.announce("dispatch");
  if (accepted.announced > 0) deps.announce("relay");
  if (accepted.waiting > 0) deps.announce("recheck");
  return { kind: "durable", results: accepted.results };
}

function tracedOf({ candidate, traceparent }: PaymentRow): TracedPayment {
  return { paymentId: candidate.paymentId, generation: 1, traceparent };
}

/** Finds the item by trying beginnings of the batch and rolling each back, and makes a dead letter of it. */
async function withoutRefused(
  deps: AcceptanceDeps,
  items: readonly CheckedItem[],
  cause: PaymentError,
): Promise<CheckedItem[]> {
  const isTaken = async (length: number) => {
    try {
      const trial = { items: items.slice(0, length), offsets: [] };
      await outrun(() =>
        transact<never, AcceptOutcome>(deps.pool, async (tx, rollBack) => {
          const { results } = await acceptOnce(tx, deps, trial, rollBack);
          return rollBack({ kind: "durable", results });
        }),
      );
      return true;
    } catch (error) {
      if (isValueRefused(error)) return false;
      throw error;
    }
  };
  const refused = await findRefused(items.length, isTaken);
  deps.log.error(
    { ...namesOf(items[refused]), err: cause },
    "the database refused a value; its record becomes a dead letter",
  );
  const objection = {
    code: "value_refused",
    message: `The database refused a value of this record: ${cause.message}. Correct it and send a new event.`,
    field: null,
  };
  return items.map((item, index) =>
    index === refused ? { ...item, checked: { ok: false, objection } } : item,
  );
}

/** Which record it was, and which payment it would have been. */
function namesOf(item: CheckedItem | undefined): Readonly<Record<string, unknown>> {
  if (!item) return {};
  const { submission, checked } = item;
  const { source } = submission;
  const { topic, partition, offset } = source.kind === "kafka" ? source : {};
  const paymentId = checked.ok ? checked.candidate.paymentId : undefined;
  return { paymentId, topic, partition, offset: offset?.toString() };
}

function isValueRefused(error: unknown): error is PaymentError {
  return error instanceof PaymentError && error.code === "DATABASE_VALUE_REFUSED";
}
