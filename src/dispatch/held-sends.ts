import { digest, getAnswer, type Answering, type Held } from "./get-answer.ts";
import type { SendReport, SendTicket, StoredSend } from "./rail.ts";
import { storeTicket } from "./record-report.ts";

/** The lane holder's memory of its open sends, each with the work of getting it answered. */
export interface HeldSends {
  /** Takes up a committed send; one never answered is submitted, beside the others and beside forming. */
  take(send: StoredSend, answered: boolean): void;
  ids(): string[];
  sends(): StoredSend[];
  /** Ends the work on sends that were closed elsewhere. */
  keepOnly(open: ReadonlySet<string>): void;
  /** What `tend` learnt. */
  learn(sendId: string, report: SendReport): Promise<void>;
  /** Stores a ticket's newer bytes, before they leave. */
  store(sendId: string, ticket: SendTicket): Promise<void>;
  /** Rejects when a report could not be stored: memory and database may then differ. */
  readonly failed: Promise<never>;
  /** When every submission has ended; abort the signal first. */
  ended(): Promise<void>;
}

export function createHeldSends(answering: Answering): HeldSends {
  const held = new Map<string, Held>();
  const running = new Set<Promise<void>>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  function start(one: Held, afterMs: number): void {
    if (one.isSubmitting) return;
    one.isSubmitting = true;
    const work = getAnswer(answering, one, afterMs)
      .catch(failed.reject)
      .finally(() => {
        one.isSubmitting = false;
        running.delete(work);
      });
    running.add(work);
  }

  return {
    take(send, answered) {
      const closed = new AbortController();
      closed.signal.addEventListener("abort", () => held.delete(send.id));
      const fresh = { isSubmitting: false, isAccepted: answered, refusals: 0, news: "" };
      const one = { send, closed, ...fresh };
      held.set(send.id, one);
      if (!answered) start(one, 0);
    },
    ids: () => [...held.keys()],
    sends: () => [...held.values()].map((one) => one.send),
    keepOnly(open) {
      for (const [id, one] of held) if (!open.has(id)) one.closed.abort();
    },
    async learn(sendId, report) {
      const one = held.get(sendId);
      if (!one) return;
      const againMs = await digest(answering, one, report);
      if (againMs !== undefined) start(one, againMs);
    },
    async store(sendId, ticket) {
      await storeTicket(answering.deps, sendId, ticket);
      const one = held.get(sendId);
      if (one) one.send = { ...one.send, ticket };
    },
    failed: failed.promise,
    async ended() {
      await Promise.all(running);
    },
  };
}
