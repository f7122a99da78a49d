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

/** For work that may wait for other work's end. */
export interface PatientWake extends Wake {
  /** Rings when the patience is over, unless it was rung before. */
  ringLate(): void;
}

export function createPatientWake(patienceMs: number): PatientWake {
  const wake = createWake();
  let timer: NodeJS.Timeout | undefined;
  const ring = () => {
    clearTimeout(timer);
    timer = undefined;
    wake.ring();
  };
  return {
    ring,
    ringLate() {
      timer ??= setTimeout(ring, patienceMs).unref();
    },
    heard: (timeoutMs, signal) => wake.heard(timeoutMs, signal),
  };
}

/** The first bell, which rings the second one along whenever it is rung. */
export function ringAlong(wake: Wake, along: Pick<Wake, "ring">): Wake {
  return {
    ring() {
      wake.ring();
      along.ring();
    },
    heard: (timeoutMs, signal) => wake.heard(timeoutMs, signal),
  };
}

/** A bell that rings several; a bell has one listener, so nobody listens to this one. */
export function ringAll(wakes: readonly Pick<Wake, "ring">[]): Wake {
  return {
    ring() {
      for (const wake of wakes) wake.ring();
    },
    heard: () => Promise.reject(new TypeError("each listens to a bell of its own")),
  };
}
