import type { Part } from "./spawn-part.ts";

/** A part that a fault test can take away and bring back, with its data and its port. */
export interface Restartable {
  /** The pid of the run that is up, or of the last one. */
  readonly pid: number;
  /** Ends the process and keeps its data. SIGKILL is the crash, the default a tidy end. */
  down(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again where it was; resolves when it is ready. */
  up(): Promise<void>;
}

/** Runs a part that always comes up in the same place. Taking down what is down, or the reverse, does nothing. */
export async function restartable(
  start: () => Promise<Part>,
  stopSignal: NodeJS.Signals = "SIGTERM",
): Promise<Restartable> {
  let part = await start();
  let isUp = true;
  return {
    get pid() {
      return part.pid;
    },
    async down(signal = stopSignal) {
      if (!isUp) return;
      isUp = false;
      await part.stop(signal);
    },
    async up() {
      if (isUp) return;
      part = await start();
      isUp = true;
    },
  };
}
