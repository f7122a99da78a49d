import type { CommonQueryMethods } from "slonik";
import type { LiveEvent } from "../../live/live-event.ts";
import { readHints } from "../../live/read-hints.ts";

export interface HintWatch {
  /** What has moved since the last look and was not told yet; nothing on the first. Throws DATABASE_*. */
  look(db: CommonQueryMethods, now: Date): Promise<readonly LiveEvent[]>;
  /** Nobody listens any more. */
  forget(): void;
}

/** A commit is seen later than the time that it wrote; one that takes longer than this gives no hint. */
const OVERLAP_MS = 1_000;
/** Those of the overlap, at far more than any line moves. */
const TOLD_MAX = 20_000;

export function createHintWatch(): HintWatch {
  let since: Date | undefined;
  // In the order of their telling.
  const told = new Set<string>();
  return {
    async look(db, now) {
      const from = since;
      since = new Date(now.getTime() - OVERLAP_MS);
      if (from === undefined) return [];
      const hints = await readHints(db, from);
      const fresh = hints.filter((hint) => !told.has(nameOf(hint)));
      for (const hint of fresh) told.add(nameOf(hint));
      for (const name of told) {
        if (told.size <= TOLD_MAX) break;
        told.delete(name);
      }
      return fresh;
    },
    forget() {
      since = undefined;
      told.clear();
    },
  };
}

function nameOf({ told: { type, paymentId, generation } }: LiveEvent): string {
  return `${type} ${paymentId} ${generation}`;
}
