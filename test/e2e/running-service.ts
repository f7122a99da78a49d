import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { startService } from "../../sandbox/demo/service.ts";
import type { PartExit } from "../../sandbox/process/guard.ts";
import { collectArrivals, type Arrivals } from "./arrivals.ts";

/** A line of the service's log, as pino writes it. */
export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: number;
  readonly msg: string;
}

const WARNING = 40;

/** `gigpay serve` in a process of its own. */
export interface RunningService extends AsyncDisposable {
  readonly log: Arrivals<LogLine>;
  /** Resolves when it has joined its group; rejects, with its last lines, if it ended before. */
  readonly ready: Promise<void>;
  /** Resolves once it is gone, however it ended. */
  readonly ended: Promise<void>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
  /** SIGTERM; answers how it ended. */
  readonly stop: () => Promise<PartExit>;
  /** SIGTERM while it is still starting: `ready` tells how it ended. */
  readonly interrupt: () => Promise<void>;
}

export interface RunOptions {
  readonly instance: string;
  /** Where the whole log goes, for whoever has to look behind a failed test. */
  readonly logPath: string;
  /** Of the process, before the program's name. */
  readonly nodeArguments?: readonly string[];
  /** Another version's; this checkout's unless told. */
  readonly program?: string;
}

/** Starts it and answers at once, so that a start with parts away can be watched. */
export function runService(
  settings: Readonly<Record<string, string>>,
  { instance, logPath, nodeArguments = [], program }: RunOptions,
): RunningService {
  const log = collectArrivals<LogLine>();
  mkdirSync(dirname(logPath), { recursive: true });
  const file = createWriteStream(logPath);
  const starting = startService(settings, {
    instance,
    ...(program !== undefined && { program }),
    nodeArguments,
    onLine: (line) => {
      file.write(`${line}\n`);
      log.push(parseLine(line));
    },
  });
  const ready = starting.then(() => undefined);
  ready.catch(() => undefined);
  const ended = starting
    .then(({ exited }) => exited)
    .then(
      () => undefined,
      () => undefined,
    );
  const stop = async () => {
    const service = await starting;
    await service.stop();
    return service.exited;
  };
  return {
    log,
    ready,
    ended,
    stop,
    kill: async () => (await starting).kill(),
    async interrupt() {
      const { pid } = await log.next("its first line", ({ msg }) => msg === "starting");
      process.kill(Number(pid), "SIGTERM");
    },
    async [Symbol.asyncDispose]() {
      await stop().catch(() => undefined);
    },
  };
}

/** Warnings and errors, from the given line on. */
export function troublesOf({ log }: RunningService, from = 0): readonly LogLine[] {
  return log.items.slice(from).filter(({ level }) => level >= WARNING);
}

/** A process that crashes writes no JSON. */
function parseLine(line: string): LogLine {
  if (!line.startsWith("{")) return { level: WARNING, msg: line };
  return JSON.parse(line) as LogLine;
}
