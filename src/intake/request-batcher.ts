import { setImmediate as nextTurn } from "node:timers/promises";
import { PaymentError } from "../errors.ts";
import type { Accept, Submission, SubmissionResult } from "../payment/submission.ts";

/** As many as a batch of Kafka's; one request of more than that still goes alone. */
const BATCH_MAX = 500;
/** What waits behind the batch in flight: beyond it a caller is better told to come again. */
const WAITING_MAX = 5_000;

interface Waiting {
  readonly submissions: readonly Submission[];
  readonly outcome: PromiseWithResolvers<readonly SubmissionResult[]>;
}

/**
 * The second way into the accept commit, for whoever waits for an answer: requests that come in together share a commit,
 * one batch in flight, and a lone one waits for nobody. Rejects with OVERLOADED (retry) where too much waits already, before
 * anything is accepted, and otherwise with what the commit threw: the same request may be made again, also after doubt.
 */
export function createRequestBatcher(
  accept: Accept,
): (submissions: readonly Submission[]) => Promise<readonly SubmissionResult[]> {
  const queue: Waiting[] = [];
  let waiting = 0;
  let running: Promise<void> | undefined;

  return (submissions) => {
    if (waiting > 0 && waiting + submissions.length > WAITING_MAX) {
      const message = `${waiting} payments wait to be accepted already: ask again soon.`;
      return Promise.reject(new PaymentError("OVERLOADED", "retry", message));
    }
    const outcome = Promise.withResolvers<readonly SubmissionResult[]>();
    queue.push({ submissions, outcome });
    waiting += submissions.length;
    running ??= drain();
    return outcome.promise;
  };

  async function drain(): Promise<void> {
    // What arrived in the same turn comes along.
    await nextTurn();
    while (queue.length > 0) await acceptTogether(takeBatch());
    running = undefined;
  }

  function takeBatch(): readonly Waiting[] {
    let size = 0;
    let requests = 0;
    for (const { submissions } of queue) {
      if (requests > 0 && size + submissions.length > BATCH_MAX) break;
      size += submissions.length;
      requests += 1;
    }
    waiting -= size;
    return queue.splice(0, requests);
  }

  async function acceptTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      const submissions = batch.flatMap((each) => each.submissions);
      const answer = await accept({ submissions, offsets: [] });
      if (answer.kind !== "durable") throw new TypeError("no offset was moved");
      let from = 0;
      for (const { submissions: own, outcome } of batch) {
        outcome.resolve(answer.results.slice(from, from + own.length));
        from += own.length;
      }
    } catch (error) {
      for (const { outcome } of batch) outcome.reject(error);
    }
  }
}
