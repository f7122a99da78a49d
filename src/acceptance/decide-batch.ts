import assert from "node:assert/strict";
import { isBeforeRestore } from "../payment/before-restore.ts";
import type { AcceptanceSettings } from "./acceptance-deps.ts";
import type { Candidate, CheckedSubmission, Objection } from "./check-submission.ts";
import { findRepeat, type KnownPayment } from "./find-repeat.ts";
import { planPayment, type Plan } from "./plan-payment.ts";
import type { DirectoryFacts, SubjectFacts } from "./read-facts.ts";
import type { KnownRows } from "./read-known.ts";
import { startTally, type Recent } from "./recent-payments.ts";
import { startMemory } from "./remember.ts";

/** Everything that a batch is decided by. */
export interface BatchFacts {
  /** One per well-formed submission, in order. */
  readonly directory: DirectoryFacts;
  readonly known: KnownRows;
  readonly recent: Recent;
}

export type Decision =
  | {
      readonly kind: "new";
      readonly candidate: Candidate;
      readonly plan: Plan;
      readonly payment: KnownPayment;
      readonly task: TaskWrite | null;
    }
  | {
      readonly kind: "duplicate";
      readonly candidate: Candidate;
      readonly payment: KnownPayment;
      /** Its event id is new and is kept. */
      readonly keepEvent: boolean;
    }
  | {
      readonly kind: "refused";
      readonly verdict: "conflict" | "dead_letter";
      readonly objection: Objection;
      readonly platformId: string | null;
      readonly paymentId: string | null;
    };

/** What the event of an `event` platform does to its task. */
export type TaskWrite = "create" | "complete";

/** Decides each submission in order, each in the light of those before it. Pure. */
export function decideBatch(
  submissions: readonly (CheckedSubmission & { readonly recordedAt: Date | null })[],
  facts: BatchFacts,
  settings: AcceptanceSettings,
): Decision[] {
  const memory = startMemory(facts.known);
  const tally = startTally(settings.risk, facts.recent, facts.directory.now);
  const directory = facts.directory.of.values();

  return submissions.map((submission): Decision => {
    if (!submission.ok) return refuse("dead_letter", submission.objection, null);
    const { candidate } = submission;
    const { value: found } = directory.next();
    assert(found, "facts for every candidate");
    if (!found.platform) return refuse("dead_letter", unknownPlatform, candidate);

    const repeat = findRepeat(candidate, memory);
    switch (repeat.kind) {
      case "conflict":
        return refuse("conflict", repeat.objection, candidate, repeat.payment);
      case "duplicate": {
        memory.remember(candidate, repeat.payment);
        const { payment, eventKnown } = repeat;
        return { kind: "duplicate", candidate, payment, keepEvent: !eventKnown };
      }
      case "first": {
        const { platform } = found;
        const knownSince = [candidate.occurredAt, submission.recordedAt, found.task?.createdAt];
        const planningFacts = {
          ...found,
          platform,
          recent: tally.of(candidate),
          isRestoring: facts.directory.isRestoring,
          isAnnounced: found.announced !== null,
          beforeRestore: isBeforeRestore(
            knownSince.map((time) => time ?? null),
            facts.directory,
          ),
        };
        const plan = planPayment(candidate, planningFacts, settings, 0);
        const payment = newPayment(candidate, plan);
        memory.remember(candidate, payment);
        tally.add(candidate, plan.state);
        const task = taskWriteOf(candidate, { ...found, platform });
        return { kind: "new", candidate, plan, payment, task };
      }
    }
  });
}

const unknownPlatform: Objection = {
  code: "platform_unknown",
  message: "No platform has this platformId; create it, then replay the dead letter.",
  field: "platformId",
};

function refuse(
  verdict: "conflict" | "dead_letter",
  objection: Objection,
  candidate: Candidate | null,
  payment?: KnownPayment,
): Decision {
  const platformId = candidate?.platformId ?? null;
  return {
    kind: "refused",
    verdict,
    objection,
    platformId,
    paymentId: payment?.paymentId ?? null,
  };
}

function newPayment(candidate: Candidate, plan: Plan): KnownPayment {
  const { eventId: _, occurredAt: __, ...identity } = candidate;
  const failure = "failure" in plan ? plan.failure : null;
  return { ...identity, generation: 1, state: plan.state, failure };
}

/** The event says that the task was done, whether or not it can be paid; only another task of that id contradicts it. */
function taskWriteOf(candidate: Candidate, { platform, task }: SubjectFacts): TaskWrite | null {
  if (platform?.taskSource !== "event") return null;
  if (!task) return "create";
  const unfinished =
    task.status === "created" || task.status === "assigned" || task.status === "in_progress";
  const same =
    task.workerId === candidate.workerId &&
    task.amount === candidate.amount &&
    task.currency === candidate.currency;
  return unfinished && same ? "complete" : null;
}
