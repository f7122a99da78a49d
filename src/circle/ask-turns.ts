/** Which unknown id Circle is asked about next, where more are named than it may be asked about. */
export interface AskTurns {
  /** Somebody names an unknown id. Answers the one to ask about now, which need not be this one; undefined: none yet. */
  next(keyId: string, sender: string): string | undefined;
}

interface Waiting {
  keyId: string;
  /** How often its sender has named any since its last turn. */
  named: number;
  atMs: number;
}

interface Clock {
  readonly nowMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Twenty a minute; of the account's twenty a second that is a sixtieth. */
const EVERY_MS = 3_000;
/** Turns that nobody needed for a while: a new key is learnt at once, though somebody has just made an id up. */
const SAVED_MAX = 4;
/** Beyond it whoever comes first after a turn gets the place. */
const SENDERS_MAX = 256;
/** As long as a full row takes. */
const FORGOTTEN_AFTER_MS = SENDERS_MAX * EVERY_MS;

/**
 * One turn each for senders who wait, first come first served: made-up ids take no turn but their own senders'. Of one
 * sender's ids a lot decides, a name a ticket: behind a proxy that hides who sends, the id that comes again and again wins.
 */
export function createAskTurns({ nowMs, random }: Clock): AskTurns {
  // In the order of their turns.
  const waiting = new Map<string, Waiting>();
  let saved = SAVED_MAX;
  let filledAtMs = nowMs();

  function note(keyId: string, sender: string): void {
    const atMs = nowMs();
    for (const [name, each] of waiting) {
      if (atMs - each.atMs > FORGOTTEN_AFTER_MS) waiting.delete(name);
    }
    const before = waiting.get(sender);
    if (!before) {
      if (waiting.size < SENDERS_MAX) waiting.set(sender, { keyId, named: 1, atMs });
      return;
    }
    before.named += 1;
    before.atMs = atMs;
    if (random() * before.named < 1) before.keyId = keyId;
  }

  function fill(): void {
    saved = Math.min(SAVED_MAX, saved + (nowMs() - filledAtMs) / EVERY_MS);
    filledAtMs = nowMs();
  }

  return {
    next(keyId, sender) {
      note(keyId, sender);
      fill();
      const [first] = waiting;
      if (!first || saved < 1) return undefined;
      saved -= 1;
      waiting.delete(first[0]);
      return first[1].keyId;
    },
  };
}
