import { setImmediate as nextTurn } from "node:timers/promises";

/** Counts what is under way at Postgres, which alone is real: everything else answers within the same turn. */
export interface Traffic {
  readonly total: number;
  run<T>(operation: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way and nothing follows by itself: all processes wait for the scheduler. */
  untilQuiet(): Promise<void>;
}

/** A continuation may pass through the event loop's next turn (natural batching does) before it asks again. */
const CALM_TURNS = 3;
/** Far beyond any honest step: a loop that never waits ends here, with its seed. */
const OPERATIONS_MAX_PER_STEP = 4_000;

export function createTraffic(): Traffic {
  let open = 0;
  let total = 0;
  let idle: PromiseWithResolvers<void> | undefined;
  return {
    get total() {
      return total;
    },
    async run(operation) {
      open += 1;
      total += 1;
      try {
        return await operation();
      } finally {
        open -= 1;
        if (open === 0) idle?.resolve();
      }
    },
    async untilQuiet() {
      const before = total;
      for (let calm = 0; calm < CALM_TURNS;) {
        if (open > 0) {
          idle = Promise.withResolvers<void>();
          await idle.promise;
          calm = 0;
        }
        if (total - before > OPERATIONS_MAX_PER_STEP) throw new Error("a loop spins");
        await nextTurn();
        calm = open > 0 ? 0 : calm + 1;
      }
    },
  };
}
