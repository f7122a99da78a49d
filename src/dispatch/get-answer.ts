import { setTimeout as delay } from "node:timers/promises";
import { failpoint } from "../failpoint.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import type { Lane, SendReport, SendTicket, StoredSend } from "./rail.ts";
import { recordAccepted, renewTicket, restartReviewClock } from "./record-report.ts";
import {
  KEY_EXPIRED,
  notePost,
  permitPost,
  recordProviderEnd,
  recordRefusal,
} from "./post-ledger.ts";
import { releaseSend } from "./release-send.ts";

/** An open send in the memory of its lane's holder. */
export interface Held {
  send: StoredSend;
  /** Aborted once the send is open no more. */
  readonly closed: AbortController;
  isSubmitting: boolean;
  isAccepted: boolean;
  refusals: number;
  /** The last report's words, so that the same news is neither stored nor logged again. */
  news: string;
}

export interface Answering {
  readonly deps: DispatchDeps;
  readonly lane: Lane;
  /** Runs one at a time whatever takes a ticket, so that no two sends get the same. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
  /** What keeps the lane's sends from being taken, as last said: one line for an outage, not one for each send. */
  readonly trouble: { code: string | null };
}

/** An adapter may ask for "at once"; a loop never spins. */
const AGAIN_MIN_MS = 50;
const AGAIN_MAX_MS = 30_000;
/** A refused send goes again under a new ticket after this, doubling: a refusal is seldom mended by haste. */
const REFUSED_FIRST_MS = 250;
/** A transfer whose key was refused after a POST without an answer: it may still turn up. */
const DOUBTED_AGAIN_MS = 5_000;

/** Submits a send, again and again under its ticket, until it is answered, closed by others, or the signal aborts. */
export async function getAnswer(answering: Answering, held: Held, firstAfterMs = 0): Promise<void> {
  const stop = AbortSignal.any([answering.signal, held.closed.signal]);
  let afterMs: number | undefined = firstAfterMs;
  while (afterMs !== undefined) {
    if (afterMs > 0) await delay(afterMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    const isTransfer = answering.lane.method === "transfer";
    // Tending looks up what may not be posted any more.
    if (isTransfer && !(await permitPost(answering.deps, held.send.id))) {
      await recordRefusal(answering.deps, held.send.id, KEY_EXPIRED);
      return;
    }
    if (isTransfer) await failpoint("transfer.permitted");
    await failpoint("submit.before");
    const startedAt = new Date();
    const report = await answering.lane.submit(held.send, stop);
    await failpoint("submit.answered");
    if (isTransfer) {
      await notePost(answering.deps, held.send.id, report);
      await failpoint("transfer.post_noted");
    }
    // What was taken is worth keeping; anything else may be the abort itself speaking.
    if (stop.aborted && report.kind !== "accepted") return;
    traceSubmission(answering, held.send, report, startedAt);
    afterMs = await digest(answering, held, report);
  }
}

function traceSubmission(
  { deps, lane }: Answering,
  { id, kind }: StoredSend,
  report: SendReport,
  startedAt: Date,
): void {
  const errorType = report.kind === "accepted" ? undefined : report.code;
  deps.tracing.submit({ send: { id, kind, rail: lane.rail }, startedAt, errorType });
}

/** Stores what a report says. Answers after how long the send goes again; undefined if it does not. */
export async function digest(
  answering: Answering,
  held: Held,
  report: SendReport,
): Promise<number | undefined> {
  const { deps, lane } = answering;
  const isNews = held.news !== newsOf(report);
  held.news = newsOf(report);
  const about = { sendId: held.send.id, lane: lane.id, report };
  switch (report.kind) {
    case "accepted":
      if (!isNews) return undefined;
      held.send = { ...held.send, ticket: named(held.send.ticket, report.circleId) };
      await recordAccepted(deps, held.send.id, report);
      await failpoint("answer.stored");
      if (!held.isAccepted) endTrouble(answering);
      held.isAccepted = true;
      deps.log.debug(about, "send accepted");
      return undefined;
    case "retry":
      if (answering.trouble.code !== report.code) deps.log.warn(about, "send not taken yet");
      else if (isNews) deps.log.debug(about, "nor is this one");
      answering.trouble.code = report.code;
      if (report.capacity) await restartReviewClock(deps, held.send.id);
      return jittered(report.afterMs);
    case "refused":
      if (lane.method === "transfer") return endRefused(answering, held, report);
      deps.log.warn(about, "send refused; it goes again under a new ticket");
      return renew(answering, held, report);
    case "dead": {
      if (lane.method === "transfer") {
        if (isNews) await recordProviderEnd(deps, held.send.id, report);
        await failpoint("transfer.end_recorded");
        return undefined;
      }
      const { code, detail } = report;
      await releaseSend(deps, { transactionId: held.send.id, outcome: "dead", code, detail });
      held.closed.abort();
      deps.wake.ring();
      return undefined;
    }
  }
}

function endTrouble({ deps, lane, trouble }: Answering): void {
  if (trouble.code !== null) deps.log.info({ lane: lane.id }, "sends are taken again");
  trouble.code = null;
}

async function renew(
  { deps, lane, exclusive }: Answering,
  held: Held,
  report: Extract<SendReport, { kind: "refused" }>,
): Promise<number | undefined> {
  const renewed = await exclusive(() => renewTicket(deps, lane, held.send, report));
  if (!renewed) {
    held.closed.abort();
    return undefined;
  }
  held.send = renewed;
  held.refusals += 1;
  return jittered(REFUSED_FIRST_MS * 2 ** (held.refusals - 1));
}

/** A refused transfer is over only if no other POST of its key may have been taken; else its key goes on being asked. */
async function endRefused(
  { deps, lane }: Answering,
  held: Held,
  report: Extract<SendReport, { kind: "refused" }>,
): Promise<number | undefined> {
  if (await recordRefusal(deps, held.send.id, report)) return undefined;
  deps.log.warn(
    { sendId: held.send.id, lane: lane.id, report },
    "refused, yet perhaps taken before",
  );
  return DOUBTED_AGAIN_MS;
}

/** Circle's own name of the send, by which tending finds it. */
function named(ticket: SendTicket, circleId: string | undefined): SendTicket {
  return ticket.rail === "circle" && circleId !== undefined ? { ...ticket, circleId } : ticket;
}

function newsOf(report: SendReport): string {
  if (report.kind !== "accepted") return `${report.kind} ${report.code}`;
  return [report.kind, report.circleId, report.circleState, report.txHash].join(" ");
}

/** Spread by a fifth, so that sends refused together do not come back together. */
function jittered(ms: number): number {
  const spreadMs = ms * (0.9 + Math.random() * 0.2);
  return Math.min(Math.max(spreadMs, AGAIN_MIN_MS), AGAIN_MAX_MS);
}
