import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import type { OutcomeEvent } from "./read-events.ts";
import type { Transfer } from "./read-transfers.ts";

/** The three sources; none of them is the service. */
export interface Evidence {
  readonly tasks: ReadonlyMap<string, PublishedTask>;
  readonly transfers: readonly Transfer[];
  readonly outcomes: readonly OutcomeEvent[];
  readonly deadLetters: number;
  readonly tokens: { readonly USDC: string; readonly EURC: string };
}

export interface Verdict {
  readonly published: number;
  readonly transfersOnChain: number;
  readonly completed: number;
  readonly failed: number;
  /** No outcome yet: in review, or waiting. Not lost while the service still owes an answer, but never good. */
  readonly review: number;
  readonly deadLettered: number;
  readonly paidTwice: number;
  /** Said to be completed without a transfer, or money that moved for no task, or no outcome and no transfer. */
  readonly lost: number;
  /** Both outcomes for one generation, or two different events under one id. */
  readonly contradicting: number;
  /** Said to have failed, or bound to fail, and money moved all the same. */
  readonly failedButPaid: number;
  readonly offenders: readonly string[];
}

const transferKey = (to: string, amount: bigint, token: string, from: string) =>
  `${from}>${to}:${amount}@${token}`;

/**
 * Compares what was promised, what moved and what was said. Pure. Every task's (payer, wallet, net amount, token) is
 * unique in the ledger, so a transfer names its task without the service's help.
 */
export function audit(evidence: Evidence): Verdict {
  const offenders: string[] = [];
  const paid = countBy(evidence.transfers, (t) => transferKey(t.to, t.amount, t.token, t.from));
  const said = groupBy(evidence.outcomes, taskKey);
  const wrongs = { paidTwice: 0, lost: 0, contradicting: 0, failedButPaid: 0 };
  const tally = { completed: 0, failed: 0, review: 0, ...wrongs };
  const fault = (kind: keyof typeof wrongs, text: string) => {
    tally[kind] += 1;
    offenders.push(`${kind}: ${text}`);
  };

  for (const [key, task] of evidence.tasks) {
    const name = transferKey(
      task.wallet,
      task.netAmount,
      evidence.tokens[task.currency],
      task.payer,
    );
    const times = paid.get(name) ?? 0;
    paid.delete(name);
    const outcomes = said.get(key) ?? [];
    said.delete(key);
    const completed = outcomes.some(({ kind }) => kind === "completed");
    const failed = outcomes.some(({ kind }) => kind === "failed");
    if (times > 1) fault("paidTwice", `${key} ${times} transfers`);
    if (contradict(outcomes)) fault("contradicting", `${key} has contradicting events`);
    if (failed && !completed && times > 0) fault("failedButPaid", `${key} failed, yet was paid`);
    else if (task.expected === "failed" && times > 0)
      fault("failedButPaid", `${key} was paid, though it may not be`);
    if (completed) tally.completed += 1;
    else if (failed) tally.failed += 1;
    else if (times > 0) tally.review += 1;
    if (completed && times === 0) fault("lost", `${key} completed without a transfer`);
    if (outcomes.length === 0 && times === 0)
      fault("lost", `${key} has neither outcome nor transfer`);
  }
  for (const [name, times] of paid) fault("lost", `${times} transfer(s) for no task: ${name}`);
  for (const key of said.keys())
    fault("contradicting", `${key} has an outcome but was never published`);
  return {
    published: evidence.tasks.size,
    transfersOnChain: evidence.transfers.length,
    deadLettered: evidence.deadLetters,
    ...tally,
    offenders,
  };
}

/** One event id must mean one event; one generation must have one outcome. */
function contradict(outcomes: readonly OutcomeEvent[]): boolean {
  const byId = new Map<string, string>();
  const byGeneration = new Map<string, string>();
  for (const { eventId, paymentId, generation, kind, netAmount, txHash, code } of outcomes) {
    const content = [kind, paymentId, generation, netAmount, txHash, code].join("|");
    if ((byId.get(eventId) ?? content) !== content) return true;
    byId.set(eventId, content);
    const place = `${paymentId}#${generation}`;
    if ((byGeneration.get(place) ?? eventId) !== eventId) return true;
    byGeneration.set(place, eventId);
  }
  return false;
}

/** Nothing was paid twice, lost or contradicted, and nothing is left open. */
export function isBalanced(verdict: Verdict): boolean {
  const { paidTwice, lost, contradicting, failedButPaid, review } = verdict;
  return [paidTwice, lost, contradicting, failedButPaid, review].every((count) => count === 0);
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
