/**
 * The service pays a wallet of its operators' a small sum now and then, as a platform would: an event to its own input
 * topic, and through the whole line. It knows that it can pay also when nobody else asks it to.
 */
import type { Database } from "../database/pool.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { TaskCompleted } from "../payment/events.ts";
import type { Micros } from "../payment/money.ts";
import { dueBeat, type SentBeat } from "./due-beat.ts";
import { readBeats } from "./read-beats.ts";

export interface HeartbeatSettings {
  /** Of the source `event`; pays from its wallet. */
  readonly platformId: string;
  /** Is paid. */
  readonly workerId: string;
  readonly everySeconds: number;
  readonly amount: Micros;
  readonly currency: string;
}

export interface HeartbeatDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "heartbeatLast">;
  /** To the input topic; resolves when Kafka has acknowledged it. */
  readonly publish: (event: TaskCompleted) => Promise<void>;
}

/** A look at what became of the last beat, which sends the next one where it is due. For whoever holds the lease. */
export function createHeartbeat(
  { pool, log, metrics, publish }: HeartbeatDeps,
  settings: HeartbeatSettings,
): () => Promise<void> {
  const { platformId, workerId, amount, currency } = settings;
  let sent: SentBeat | undefined;
  let isMissed = false;
  return async () => {
    const { now, isFurnished, beats } = await readBeats(pool, settings);
    const last = beats.find(({ succeededAt }) => succeededAt)?.succeededAt;
    if (last) metrics.heartbeatLast.set({}, last.getTime() / 1_000);
    if (!isFurnished && !isMissed) {
      log.error({ platformId, workerId }, "no heartbeat: its platform or its worker is not there");
    }
    isMissed = !isFurnished;
    const taskId = dueBeat(now, settings.everySeconds * 1_000, { beats, sent });
    if (taskId === undefined || !isFurnished) return;
    // Where this throws, nobody knows whether it was written: the same beat again is the same payment.
    await publish({
      eventId: taskId,
      occurredAt: now,
      taskId,
      workerId,
      platformId,
      amount,
      currency,
      idempotencyKey: null,
    });
    sent = { taskId, at: now };
  };
}
