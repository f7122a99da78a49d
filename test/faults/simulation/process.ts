import {
  currentSurroundings,
  runInside,
  type Surroundings,
  type VirtualTimer,
} from "./virtual-time.ts";

/** What befalls a process after so many of the places where it touches the world outside. */
export interface Strike {
  readonly how: "crash" | "freeze";
  placesLeft: number;
}

/** One instance of the service: its memory is what its closures hold, and a crash drops all of it. */
export interface SimProcess extends Surroundings {
  readonly name: string;
  isDead: boolean;
  /** While set it stands still, with everything it knows, and never notices. */
  frozen: PromiseWithResolvers<void> | undefined;
  strike: Strike | undefined;
  /** Everything that it does outside goes through here: the places where it can crash or freeze, before and after. */
  operate<T>(what: string, effect: () => Promise<T>): Promise<T>;
  /** A named place inside the service's own code, perhaps within a transaction: it may crash there, with what is open. */
  pass(where: string): void;
  /** Runs code as this process. */
  run<T>(work: () => T): T;
  /** Fires the timers that are due, each once; answers how many. */
  wakeUp(): number;
  crash(): void;
  freeze(): void;
  thaw(): void;
}

export interface ProcessDeps {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly uuid: () => string;
  readonly tell: (line: string) => void;
  readonly onCrash: (process: SimProcess) => void;
}

/** Ends what a crashed process has open: its transaction is rolled back, and nobody hears of it. */
export class Crash extends Error {}

/** The process whose code runs now, if it is one of ours. */
export function currentProcess(): SimProcess | undefined {
  const place = currentSurroundings();
  return place && "pass" in place ? (place as SimProcess) : undefined;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

export function createProcess(name: string, deps: ProcessDeps): SimProcess {
  const timers = new Set<VirtualTimer>();
  const process: SimProcess = {
    name,
    nowMs: deps.nowMs,
    random: deps.random,
    uuid: deps.uuid,
    timers,
    isDead: false,
    frozen: undefined,
    strike: undefined,
    async operate(what, effect) {
      await place(`before ${what}`);
      const answer = await effect().catch(async (error: unknown) => {
        await place(`after ${what} failed`);
        throw error;
      });
      await place(`after ${what}`);
      return answer;
    },
    pass(where) {
      const { strike } = process;
      if (process.isDead) throw new Crash();
      if (process.frozen || strike?.how !== "crash" || (strike.placesLeft -= 1) >= 0) return;
      process.strike = undefined;
      deps.tell(`${name} crashes at ${where}`);
      process.crash();
      throw new Crash();
    },
    run: (work) => runInside(process, work),
    wakeUp() {
      const due = [...timers]
        .filter(({ dueMs }) => dueMs <= deps.nowMs())
        .sort((a, b) => a.dueMs - b.dueMs);
      for (const timer of due) {
        if (!timers.has(timer)) continue;
        if (timer.everyMs === undefined) timers.delete(timer);
        else timer.dueMs = deps.nowMs() + timer.everyMs;
        timer.fire();
      }
      return due.length;
    },
    crash() {
      process.isDead = true;
      timers.clear();
      deps.onCrash(process);
    },
    freeze() {
      process.frozen ??= Promise.withResolvers<void>();
    },
    thaw() {
      process.frozen?.resolve();
      process.frozen = undefined;
    },
  };
  return process;

  async function place(where: string): Promise<void> {
    const { strike } = process;
    if (strike && !process.isDead && !process.frozen && (strike.placesLeft -= 1) < 0) {
      process.strike = undefined;
      deps.tell(`${name} ${strike.how === "crash" ? "crashes" : "stands still"} ${where}`);
      process[strike.how]();
    }
    if (process.isDead) await never();
    while (process.frozen) await process.frozen.promise;
    if (process.isDead) await never();
  }
}
