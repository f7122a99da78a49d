/** A fault that waits for its occasions, or is in force. */
export interface Armed {
  /** How often it has struck so far. */
  readonly struck: () => number;
  /** It strikes no more. */
  readonly disarm: () => void;
}

export interface Arming<T> {
  /** Takes the oldest one that accepts this occasion, and counts it. */
  readonly take: (accepts: (spec: T) => boolean) => T | undefined;
  readonly arm: (spec: T) => Armed;
}

/** Faults that wait, oldest first; each strikes `times` and is over then, or stays until disarmed. */
export function createArming<T extends { readonly times: number | "always" }>(): Arming<T> {
  const waiting = new Set<{ readonly spec: T; struck: number }>();
  return {
    take(accepts) {
      for (const entry of waiting) {
        if (!accepts(entry.spec)) continue;
        entry.struck += 1;
        if (entry.struck === entry.spec.times) waiting.delete(entry);
        return entry.spec;
      }
      return undefined;
    },
    arm(spec) {
      const entry = { spec, struck: 0 };
      waiting.add(entry);
      return { struck: () => entry.struck, disarm: () => void waiting.delete(entry) };
    },
  };
}
