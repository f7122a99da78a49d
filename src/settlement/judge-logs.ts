import type { Alarm, AlarmKind } from "../payment/alarm.ts";
import type { Evidence, PlacedPaid, RetryPolicy, Verdict } from "../payment/evidence.ts";
import type { RailName } from "../payment/events.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import { judge } from "../payment/judge.ts";
import type { PayOnceLog } from "../payment/pay-once-log.ts";
import type { RefusalCause } from "../payment/refusal.ts";
import { applyVerdict, release, type Draft } from "./draft.ts";
import { matchSends, type CarriedSend } from "./match-sends.ts";

export interface PlacedLog {
  readonly log: PayOnceLog;
  readonly blockNumber: bigint;
  readonly blockHash: string;
}

/** One that is settled by: when the head of its block was heard of, and when the block's logs had been read. */
export interface SeenLog extends PlacedLog {
  readonly followedAt: Date;
  readonly logsReadAt: Date;
}

/** Everything that the database knows about the payments of a batch of logs, read under their locks. */
export interface Ledger {
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly sends: readonly CarriedSend[];
  /** Stored Paid logs of payments that were Skipped. */
  readonly paids: ReadonlyMap<string, PlacedPaid>;
  /** Stored Voided logs of payments that were Skipped. */
  readonly voids: ReadonlyMap<string, readonly { generation: bigint; txHash: string }[]>;
}

export interface JudgeOptions {
  readonly now: Date;
  readonly rail: RailName;
  readonly policy: RetryPolicy;
  causeOf(log: PayOnceLog & { kind: "refused" }): RefusalCause;
}

export interface Decision {
  readonly verdict: Verdict;
  /** What it rests on, as audit entries show it. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly draft: Draft;
}

export interface MinedSend {
  readonly send: CarriedSend;
  readonly txHash: string;
  readonly blockNumber: bigint;
}

/** What a batch of logs comes to. */
export interface Judgement {
  readonly changed: readonly { readonly before: Draft; readonly after: Draft }[];
  /** In log order; each with the payment as it was after it. */
  readonly decisions: readonly Decision[];
  readonly mined: readonly MinedSend[];
  readonly alarms: readonly Alarm[];
}

const UNKNOWN_LISTED_MAX = 10;

/** Applies logs to their payments, in log order. Pure: it runs inside a transaction that may be run again. */
export function judgeLogs(
  ledger: Ledger,
  places: readonly SeenLog[],
  options: JudgeOptions,
): Judgement {
  const matches = matchSends(groupByTx(places), ledger.sends);
  const drafts = new Map(ledger.drafts);
  const decisions: Decision[] = [];
  const unknown: PlacedLog[] = [];
  for (const place of places) {
    const paymentId = paymentIdOfRef(place.log.ref);
    const draft = paymentId === undefined ? undefined : drafts.get(paymentId);
    if (!draft) {
      if (place.log.kind === "paid") unknown.push(place);
      continue;
    }
    const send = matches.get(place.log.txHash);
    const evidence = evidenceOf(place, { ledger, draft, send, options });
    const verdict = judge(draft, evidence, options.policy);
    const { now, rail } = options;
    const { followedAt, logsReadAt } = place;
    const judged = applyVerdict(draft, verdict, { now, rail, send, followedAt, logsReadAt });
    const isFree = send !== undefined && judged.transactionId === send.id;
    const after = isFree ? release(judged, now) : judged;
    drafts.set(draft.id, after);
    decisions.push({ verdict, evidence: placeDetails(place), draft: after });
  }
  return {
    changed: [...ledger.drafts.values()].flatMap((before) => {
      const after = drafts.get(before.id);
      return after && after !== before ? [{ before, after }] : [];
    }),
    decisions,
    mined: minedSends(places, matches),
    alarms: [...decisions.flatMap(alarmOf), ...unknownAlarm(unknown)],
  };
}

interface Surroundings {
  readonly ledger: Ledger;
  readonly draft: Draft;
  readonly send: CarriedSend | undefined;
  readonly options: JudgeOptions;
}

function evidenceOf(
  { log, blockNumber }: PlacedLog,
  { ledger, draft, send, options }: Surroundings,
): Evidence {
  switch (log.kind) {
    case "paid":
      return { kind: "paid", paid: { log, blockNumber } };
    case "refused": {
      const carried = send !== undefined && send.id === draft.transactionId;
      return { kind: "refused", log, carried, cause: carried ? options.causeOf(log) : "unknown" };
    }
    case "skipped": {
      const closing = ledger.voids
        .get(draft.id)
        ?.find(({ generation }) => generation >= BigInt(draft.generation));
      const paid = ledger.paids.get(draft.id) ?? null;
      return { kind: "skipped", log, paid, voidTxHash: closing?.txHash ?? null };
    }
    case "voided":
      return { kind: "voided", log };
  }
}

function groupByTx(places: readonly PlacedLog[]): Map<string, PayOnceLog[]> {
  const groups = new Map<string, PayOnceLog[]>();
  for (const { log } of places) {
    const group = groups.get(log.txHash);
    if (group) group.push(log);
    else groups.set(log.txHash, [log]);
  }
  return groups;
}

function minedSends(
  places: readonly PlacedLog[],
  matches: ReadonlyMap<string, CarriedSend>,
): MinedSend[] {
  const blockOf = new Map(places.map(({ log, blockNumber }) => [log.txHash, blockNumber]));
  return [...matches].map(([txHash, send]) => ({
    send,
    txHash,
    blockNumber: blockOf.get(txHash) ?? 0n,
  }));
}

/** The alarm that a decision raises, if any. */
export function alarmOf({ verdict, evidence, draft }: Decision): Alarm[] {
  const kind = alarmKindOf(verdict);
  if (!kind) return [];
  return [{ kind, paymentId: draft.id, generation: draft.generation, details: evidence }];
}

function alarmKindOf(verdict: Verdict): AlarmKind | null {
  switch (verdict.kind) {
    case "doubt":
      return verdict.reason;
    case "alarm":
      return verdict.broken;
    case "complete":
      return verdict.broken;
    default:
      return null;
  }
}

/** One alarm for all: a database that was lost meets every Paid of its past. */
function unknownAlarm(places: readonly PlacedLog[]): Alarm[] {
  if (places.length === 0) return [];
  const details = {
    count: places.length,
    logs: places.slice(0, UNKNOWN_LISTED_MAX).map(placeDetails),
  };
  return [{ kind: "paid_unknown", paymentId: null, generation: null, details }];
}

/** Where a log stands, as audit entries show it. */
function placeDetails({ log, blockNumber }: PlacedLog): Record<string, unknown> {
  return {
    log: log.kind,
    ref: log.ref,
    generation: log.generation.toString(),
    txHash: log.txHash,
    logIndex: log.logIndex,
    blockNumber: blockNumber.toString(),
  };
}
