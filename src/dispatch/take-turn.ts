import type { DispatchDeps } from "./dispatch-deps.ts";
import { listDueQueues, pairKey, type Queue, type TurnCursor } from "./due-queues.ts";
import { formSend } from "./form-send.ts";
import type { FundsBook, KnownFunds } from "./funds-book.ts";
import type { HeldSends } from "./held-sends.ts";
import {
  freestOperator,
  hasRoom,
  readLaneStatus,
  restAfter,
  type LaneStatus,
} from "./lane-status.ts";
import { noteShortages, releaseForgotten } from "./note-shortages.ts";
import { EVERYTHING } from "./pause.ts";
import type { PayerHolds } from "./payer-holds.ts";
import type { Lane } from "./rail.ts";

/** The back-stop where no bell rings: another instance's payments and closings are seen this soon. */
const POLL_MS = 500;
/** Where there are more queues than one look shows, the next look comes sooner. */
const UNSEEN_MS = 100;

/** Longer than any send of ours is open before it is taken up: who forms one takes it up in the same turn. */
const STRANGER_MS = 3_000;

interface TurnParts {
  readonly held: HeldSends;
  readonly book: FundsBook;
  readonly holds: PayerHolds;
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
}

export type Turn = (signal: AbortSignal) => Promise<number | "reopen">;

/**
 * A lane's turn: forms at most one send and has it submitted. Answers how long nothing needs doing unless the bell rings
 * (0: there may be more), or "reopen" when sends that the lane remembers were given up, or a former holder committed one
 * after the lane was opened: then its memory is worth nothing.
 */
export function createTurn(deps: DispatchDeps, lane: Lane, parts: TurnParts): Turn {
  const { database, settings, metrics, tracing, forming } = deps;
  const { held, book, holds, exclusive } = parts;
  let cursor: TurnCursor = { pay: undefined, void: undefined };
  let lastGroup: string | undefined;
  const isStrangeFor = watchStrangers();
  return async (signal) => {
    await lane.ready(signal);
    return forming.inTurn(async () => (signal.aborted ? POLL_MS : turn()), signal);
  };

  async function turn(): Promise<number | "reopen"> {
    const known = held.ids();
    const [status, looked] = await Promise.all([
      readLaneStatus(database, lane, known),
      listDueQueues(database, lane.rail, cursor),
    ]);
    held.keepOnly(status.open);
    if (status.abandoned.length > 0 || isStrangeFor(STRANGER_MS, status, known)) return "reopen";
    await releaseForgotten(book, holds);
    const isTransfer = lane.method === "transfer";
    const operator = isTransfer ? "payer" : freestOperator(lane, status);
    const batchMax = isTransfer
      ? 1
      : Math.min(settings.batchMax, lane.batchMax?.() ?? settings.batchMax);
    const sizeMax = Math.min(batchMax, settings.maxInFlight - status.itemsInFlight);
    if (!operator || sizeMax <= 0 || status.paused.has(EVERYTHING)) return POLL_MS;
    const idleMs = looked.isBounded ? UNSEEN_MS : POLL_MS;
    const { queues, funds } = readyQueues(lane, looked.due, status, book);
    if (queues.length === 0) {
      cursor = looked.cursorAfter(undefined);
      return Math.max(1, Math.min(looked.nextDueInMs ?? idleMs, idleMs));
    }
    const plan = { operator, sizeMax, queues, funds, lastGroup };
    const startedAt = new Date();
    const formed = await exclusive(() => formSend(deps, lane, plan));
    await noteShortages({ book, holds }, funds, formed);
    const { send, batch } = formed;
    cursor = looked.cursorAfter(send && batch?.payments.at(-1));
    if (!send || !batch) return idleMs;
    held.take(send, false);
    if (!formed.leavesSome) forming.rest(restAfter(lane, status));
    lastGroup = batch.group;
    metrics.batch.observe({ stage: "dispatch" }, send.itemCount);
    const { payments } = batch;
    tracing.batch({ name: "dispatch", send: { ...send, rail: lane.rail }, startedAt, payments });
    const { id: sendId, kind, itemCount: items, operator: from } = send;
    deps.log.debug({ lane: lane.id, sendId, kind, items, operator: from }, "send committed");
    if (formed.leavesSome || looked.isBounded) return 0;
    return Math.min(looked.nextOnceSentInMs ?? idleMs, idleMs);
  }
}

/** Says whether one of the open sends has been unknown for so long. */
function watchStrangers() {
  let since = new Map<string, number>();
  return (ms: number, { open }: LaneStatus, known: readonly string[]): boolean => {
    const strangers = open.difference(new Set(known));
    const now = performance.now();
    since = new Map([...strangers].map((id) => [id, since.get(id) ?? now]));
    return since.values().some((sinceMs) => now - sinceMs >= ms);
  };
}

/** Due queues that are not paused, and whose payers' funds are known; the unknown ones are being read. */
function readyQueues(
  lane: Lane,
  due: readonly Queue[],
  status: LaneStatus,
  book: FundsBook,
): { queues: readonly Queue[]; funds: ReadonlyMap<string, KnownFunds> } {
  const funds = new Map<string, KnownFunds>();
  const queues = due.filter((queue) => {
    if (status.paused.has(queue.platformId)) return false;
    if (queue.intent === "void") return true;
    if (lane.method === "transfer" && !hasRoom(lane, status, queue.payer)) return false;
    const known = book.look(queue.payer, queue.token);
    if (known) funds.set(pairKey(queue), known);
    return known !== undefined;
  });
  return { queues, funds };
}
