/** A payment that the service makes to itself, by its task's id. */
export interface Beat {
  readonly taskId: string;
  /** Paid or failed; only then is the next one sent. */
  readonly isEnded: boolean;
  /** When it was paid, once Kafka has acknowledged that it was; else null. */
  readonly succeededAt: Date | null;
}

/** One that was published by this process. */
export interface SentBeat {
  readonly taskId: string;
  readonly at: Date;
}

/** A beat that has not been accepted for so long never will be: its record has become a dead letter. */
const LOST_AFTER_MS = 3_600_000;

/**
 * The task's id of the beat that is due now, or undefined where none is. It is the time at which it was due: instances that
 * beat at once, or start again and again, beat once, because a task is paid once. While one is under way there is no next,
 * so that an outage leaves one beat behind and not one for each time.
 */
export function dueBeat(
  now: Date,
  everyMs: number,
  { beats, sent }: { readonly beats: readonly Beat[]; readonly sent: SentBeat | undefined },
): string | undefined {
  const due = new Date(Math.floor(now.getTime() / everyMs) * everyMs);
  const taskId = `heartbeat-${due.toISOString()}`;
  const isUnderWay = beats.some(({ isEnded }) => !isEnded);
  const isOnItsWay =
    sent !== undefined &&
    !beats.some((beat) => beat.taskId >= sent.taskId) &&
    now.getTime() - sent.at.getTime() < LOST_AFTER_MS;
  const isDone = beats.some((beat) => beat.taskId >= taskId);
  return isUnderWay || isOnItsWay || isDone ? undefined : taskId;
}
