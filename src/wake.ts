/**
 * A bell between two stages of one process: ringing it is free, and a ring while the other side is busy is
 * remembered once, so that work which came in meanwhile is never slept over.
 */
export interface Wake {
  ring(): void;
  /** Resolves at a ring (at once if one is remembered), after `timeoutMs`, or when the signal aborts. */
  heard(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createWake(): Wake {
  let rung = false;
  let resolveWaiter: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      resolveWaiter?.();
    },
    async heard(timeoutMs, signal) {
      if (!rung && !signal.aborted) await untilRung(timeoutMs, signal);
      rung = false;
    },
  };

  function untilRung(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolveWaiter = undefined;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener("abort", done);
      resolveWaiter = done;
    });
  }
}

/** The first bell, which rings the second one along whenever it is rung. */
export function ringAlong(wake: Wake, along: Wake): Wake {
  return {
    ring() {
      wake.ring();
      along.ring();
    },
    heard: (timeoutMs, signal) => wake.heard(timeoutMs, signal),
  };
}

/** A bell that rings several; a bell has one listener, so nobody listens to this one. */
export function ringAll(wakes: readonly Wake[]): Wake {
  return {
    ring() {
      for (const wake of wakes) wake.ring();
    },
    heard: () => Promise.reject(new TypeError("each listens to a bell of its own")),
  };
}
