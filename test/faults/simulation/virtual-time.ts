import { AsyncLocalStorage } from "node:async_hooks";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";

/** What code that belongs to a simulated process sees instead of the machine's clock and chance. */
export interface Surroundings {
  nowMs(): number;
  random(): number;
  uuid(): string;
  readonly timers: Set<VirtualTimer>;
}

export interface VirtualTimer {
  dueMs: number;
  readonly everyMs: number | undefined;
  fire(): void;
  /** As of a real one; what is simulated keeps no process alive. */
  unref(): VirtualTimer;
  /** From wherever it is called: what started it may be elsewhere by then. */
  cancel(): void;
}

const surroundings = new AsyncLocalStorage<Surroundings>();

/** The simulated process whose code runs now. */
export function currentSurroundings(): Surroundings | undefined {
  return surroundings.getStore();
}

export function runInside<T>(place: Surroundings, work: () => T): T {
  return surroundings.run(place, work);
}

/** For what the simulation itself does on behalf of a process: its own timers are the machine's. */
export function runOutside<T>(work: () => T): T {
  return surroundings.exit(work);
}

/** Goes on where it was made, whoever calls it. */
export function bound<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  return AsyncLocalStorage.bind(work);
}

/**
 * From here on timers, clock, chance and UUIDs of a simulated process are the simulation's; everybody else's stay the
 * machine's. The service's code runs as it is: nothing of it knows of this.
 */
export function installVirtualTime(): void {
  installTimers();
  installDelay();
  const now = performance.now.bind(performance);
  performance.now = () => surroundings.getStore()?.nowMs() ?? now();
  const random = Math.random;
  Math.random = () => surroundings.getStore()?.random() ?? random();
  const uuid = crypto.randomUUID;
  crypto.randomUUID = ((options?: crypto.RandomUUIDOptions) =>
    surroundings.getStore()?.uuid() ?? uuid(options)) as typeof uuid;
  syncBuiltinESMExports();
}

function start(
  place: Surroundings,
  timing: { ms: number; repeats: boolean },
  fire: () => void,
): VirtualTimer {
  const timer: VirtualTimer = {
    dueMs: place.nowMs() + Math.max(timing.ms, 1),
    everyMs: timing.repeats ? Math.max(timing.ms, 1) : undefined,
    fire: bound(fire),
    unref: () => timer,
    cancel: () => void place.timers.delete(timer),
  };
  place.timers.add(timer);
  return timer;
}

function installTimers(): void {
  const real = { setTimeout, setInterval, clearTimeout };
  type Callback = (...args: unknown[]) => void;
  const starter = (name: "setTimeout" | "setInterval") =>
    ((callback: Callback, ms = 0, ...args: unknown[]) => {
      const place = surroundings.getStore();
      if (!place) return real[name](callback, ms, ...args);
      const repeats = name === "setInterval";
      return start(place, { ms, repeats }, () => callback(...args));
    }) as unknown as typeof setTimeout;
  const clear = ((timer: NodeJS.Timeout | VirtualTimer | undefined) => {
    if (timer && "dueMs" in timer) timer.cancel();
    else real.clearTimeout(timer);
  }) as typeof clearTimeout;
  Object.assign(globalThis, {
    setTimeout: starter("setTimeout"),
    setInterval: starter("setInterval"),
    clearTimeout: clear,
    clearInterval: clear,
  });
}

function installDelay(): void {
  const real = timersPromises.setTimeout;
  const delay = async <T>(
    ms = 0,
    value?: T,
    options: { signal?: AbortSignal; ref?: boolean } = {},
  ): Promise<T> => {
    const place = surroundings.getStore();
    if (!place) return real<T>(ms, value, options);
    const { signal } = options;
    if (signal?.aborted) throw new DOMException("The operation was aborted", "AbortError");
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        timer.cancel();
        reject(new DOMException("The operation was aborted", "AbortError"));
      };
      const timer = start(place, { ms, repeats: false }, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve(value as T);
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  };
  timersPromises.setTimeout = delay as typeof timersPromises.setTimeout;
}
