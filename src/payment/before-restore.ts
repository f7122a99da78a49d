/**
 * Clocks of others, and a caller's own idea of when a task was done, prove little; and what an old process sent may be
 * executed late. For so long after a restore every failure takes a void, which costs next to nothing.
 */
const EVERYTHING_FOR_MS = 24 * 60 * 60 * 1_000;

export interface RestoreMoment {
  /** When the last restore was confirmed; null: there never was one. */
  readonly restoredAt: Date | null;
  /** The database's clock. */
  readonly now: Date;
}

/**
 * Whether a payment may have been known before a confirmed restore: then "nothing was ever sent" proves nothing. Give
 * every time at which it is known to have existed: a payment that was read again from Kafka is new to the database, but
 * not to the world.
 */
export function isBeforeRestore(
  knownSince: readonly (Date | null)[],
  { restoredAt, now }: RestoreMoment,
): boolean {
  if (restoredAt === null) return false;
  const isFresh = now.getTime() - restoredAt.getTime() < EVERYTHING_FOR_MS;
  return isFresh || knownSince.some((time) => time !== null && time < restoredAt);
}
