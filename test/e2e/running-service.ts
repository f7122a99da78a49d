import { startService } from "../../sandbox/demo/service.ts";
import type { PartExit } from "../../sandbox/process/guard.ts";
import { collectArrivals, type Arrivals } from "./arrivals.ts";

/** A line of the service's log, as pino writes it; 40 is a warning. */
export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: number;
  readonly msg: string;
  readonly lease?: string;
}

const WARNING = 40;

/** `gigpay serve` in a process of its own. */
export interface RunningService extends AsyncDisposable {
  readonly log: Arrivals<LogLine>;
  /** Resolves when it has joined its group. */
  readonly ready: Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM; answers how it ended. */
  stop(): Promise<PartExit>;
}

/** Starts it and answers at once, so that a start with parts away can be watched. */
export function runService(
  settings: Readonly<Record<string, string>>,
  instance: string,
): RunningService {
  const log = collectArrivals<LogLine>();
  const starting = startService(settings, {
    instance,
    onLine: (line) => log.push(parseLine(line)),
  });
  const stop = async () => {
    const service = await starting;
    await service.stop();
    return service.exited;
  };
  return {
    log,
    ready: starting.then(() => undefined),
    stop,
    kill: async () => (await starting).kill(),
    async [Symbol.asyncDispose]() {
      await stop().catch(() => undefined);
    },
  };
}

/** Warnings and errors from the given line on. */
export function troublesSince({ log }: RunningService, from: number): readonly LogLine[] {
  return log.items.slice(from).filter(({ level }) => level >= WARNING);
}

/** A process that crashes writes no JSON. */
function parseLine(line: string): LogLine {
  if (!line.startsWith("{")) return { level: WARNING, msg: line };
  return JSON.parse(line) as LogLine;
}
