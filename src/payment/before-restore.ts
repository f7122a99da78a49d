/**
 * Whether a payment may have been known before a confirmed restore: then "nothing was ever sent" proves nothing, and
 * the chain's terms are what happened. Give every time at which it is known to have existed: a payment that was read
 * again from Kafka is new to the database, but not to the world.
 */
export function isBeforeRestore(
  knownSince: readonly (Date | null)[],
  restoredAt: Date | null,
): boolean {
  return restoredAt !== null && knownSince.some((time) => time !== null && time < restoredAt);
}
