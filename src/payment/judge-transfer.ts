import { failureAfter } from "./ended-send.ts";
import type { PaymentFacts, RetryPolicy, TransferContradiction, Verdict } from "./evidence.ts";
import {
  logKey,
  provesTerms,
  type TransferLog,
  type TransferReceipt,
  type TransferSearch,
} from "./transfer-log.ts";

/** What is known of the one transfer that a payment travels in. */
export interface TransferEvidence {
  /** Of every hash that Circle ever named for it. */
  readonly receipts: readonly TransferReceipt[];
  /** Circle's last state of it. */
  readonly circleState: string | null;
  /** Circle's word that it moves nothing; null while it has not said so. */
  readonly end: ProviderEnd | null;
  /** Transfers of its terms since it was stored; null where none was looked for. */
  readonly search: TransferSearch | null;
  /** Keys (`logKey`) of those logs that are another transfer's. */
  readonly claimed: ReadonlySet<string>;
  /** Whether another transfer of the very same terms is on its way. */
  readonly hasRival: boolean;
  /** Whether every POST of this generation was answered: one that was not may still arrive. */
  readonly everyPostAnswered: boolean;
}

export interface ProviderEnd {
  readonly at: Date;
  readonly code: string;
  readonly detail: string;
  /** For want of funds, room or an operator's act: no try of the payment's. */
  readonly isCapacity: boolean;
}

/** Some of Arc's blocks: what was broadcast before Circle said "unpaid" is mined by then, or in no block at all. */
const END_PATIENCE_MS = 2_000;
/** An empty wallet or a full queue is looked at again after this. */
const CAPACITY_DELAY_MS = 5_000;

/**
 * The table of docs/payment-states.md, for a plain transfer. The chain's word comes before Circle's: what Circle calls
 * unpaid is paid where the log is there, and what it calls complete is not where the log is missing.
 */
export function judgeTransfer(
  facts: PaymentFacts,
  evidence: TransferEvidence,
  policy: RetryPolicy,
): Verdict {
  if (facts.state !== "planned" && facts.state !== "review") return ignore("it is not on its way");
  const { terms } = facts;
  if (!terms) return ignore("nothing is planned");
  const moved = evidence.receipts.flatMap((receipt) =>
    receipt.kind === "mined" ? receipt.transfers : [],
  );
  const proofs = moved.filter((log) => provesTerms(log, terms));
  const [proof] = proofs;
  if (proof && proofs.length === 1) return judgeProof(facts, proof, evidence.claimed);
  // Two of the same in the transactions of one order: Circle executed it twice.
  if (proof || moved.some(({ payer }) => payer === terms.payer)) {
    return doubt(facts, "transfer_contradicts_terms");
  }
  const isMined = evidence.receipts.some(({ kind }) => kind === "mined");
  if (evidence.end) return judgeEnd(facts, evidence, evidence.end, policy);
  if (evidence.circleState === "COMPLETE" && isMined) return doubt(facts, "transfer_without_log");
  if (evidence.circleState === "COMPLETE" && evidence.receipts.length === 0) {
    return doubt(facts, "transfer_without_log");
  }
  return ignore("nothing is certain yet");
}

function judgeProof(
  facts: PaymentFacts,
  proof: TransferLog,
  claimed: ReadonlySet<string>,
): Verdict {
  if (claimed.has(logKey(proof))) return doubt(facts, "transfer_proves_another");
  const { generation, outcomes } = facts;
  if (outcomes.get(generation) === "failed") return doubt(facts, "paid_after_failed");
  const { payer, token, recipient, amount, blockNumber } = proof;
  return {
    kind: "complete",
    generation,
    terms: { payer, token, recipient, amount },
    paid: { log: proof, blockNumber },
    announced: outcomes.get(generation) === "completed",
    broken: null,
  };
}

/** Circle says that nothing moves. Believed once the chain, searched up to some time after that, has no such transfer. */
function judgeEnd(
  facts: PaymentFacts,
  evidence: TransferEvidence,
  end: ProviderEnd,
  policy: RetryPolicy,
): Verdict {
  const { receipts, search } = evidence;
  if (receipts.some(({ kind }) => kind === "unknown")) {
    return ignore("a transaction that Circle named is not mined yet");
  }
  if (!search) return ignore("the chain was not searched");
  const strays = search.found.filter((log) => !evidence.claimed.has(logKey(log)));
  if (strays.length > 0) {
    if (evidence.hasRival) return ignore("it may be the transfer of another payment");
    return doubt(facts, "transfer_despite_end");
  }
  if (search.upTo.getTime() < end.at.getTime() + END_PATIENCE_MS) {
    return ignore("the chain may still mine what was broadcast before");
  }
  if (!search.isComplete) return unproven(facts, "transfer_unsearchable");
  if (facts.isRestoring) return ignore("nothing ends before an operator has looked at the restore");
  if (facts.beforeRestore) return unproven(facts, "before_restore");
  if (facts.state === "planned") {
    if (end.isCapacity) return { kind: "wait", delayMs: CAPACITY_DELAY_MS, why: end.code };
    const delayMs = policy.delaysMs[facts.tries];
    if (delayMs !== undefined) return { kind: "retry", tries: facts.tries + 1, delayMs };
  }
  if (!evidence.everyPostAnswered) return unproven(facts, "transfer_unanswered");
  const { code, detail } = end;
  const reverted = receipts.some(({ kind }) => kind === "reverted");
  const outcome = reverted ? "reverted" : "dead";
  return {
    kind: "fail",
    tries: facts.tries + 1,
    failure: failureAfter({ outcome, code, detail }, facts.tries + 1),
    voidTxHash: null,
    announced: facts.outcomes.has(facts.generation),
  };
}

function doubt(facts: PaymentFacts, reason: TransferContradiction | "paid_after_failed"): Verdict {
  const isKnown = facts.state === "review" && facts.doubtReason === reason;
  return isKnown ? ignore("in review for just that") : { kind: "doubt", reason, intent: null };
}

function unproven(
  facts: PaymentFacts,
  reason: Extract<Verdict, { kind: "unproven" }>["reason"],
): Verdict {
  return facts.state === "review" ? ignore("in review") : { kind: "unproven", reason };
}

function ignore(why: string): Verdict {
  return { kind: "ignore", why };
}
