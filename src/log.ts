import { destination, pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";
import { SECRET_SETTINGS } from "./settings/known-settings.ts";

export type { Logger };

type LogHook = NonNullable<NonNullable<LoggerOptions["hooks"]>["logMethod"]>;

/** Names under which the parts of this service hold secrets. */
const HELD = [
  "apiKey",
  "entitySecret",
  "privateKey",
  "password",
  "sasl",
  "headers",
  "authorization",
  "raw",
];

/** What drivers hang onto their errors: requests, with their headers, and answers, which may repeat them. */
const OF_ERRORS = ["err.config", "err.request", "err.response", "err.data"];

/** Explicit paths: what is secret is named, so that a new field cannot slip through a pattern; settings by their own table. */
const REDACTED = [
  ...OF_ERRORS,
  ...[...HELD, ...SECRET_SETTINGS].flatMap((name) => [name, `config.${name}`]),
];

/** Where lines go: stderr, since stdout belongs to what a command was asked for. Not awaited, and flushed when the process ends. */
const toStderr = () => destination({ fd: 2, sync: false, minLength: 0 });

export interface LogSettings {
  readonly level: string;
  readonly instanceId: string;
  /** Hears of each line that is written, by its level. */
  readonly onLine?: (level: string) => void;
}

/** JSON lines. What varies is a field, `msg` names the event. */
export function createLog(
  { level, instanceId, onLine }: LogSettings,
  stream: DestinationStream = toStderr(),
): Logger {
  return pino(
    {
      level,
      base: { instance: instanceId },
      redact: { paths: REDACTED, censor: "(redacted)" },
      timestamp: pino.stdTimeFunctions.isoTime,
      ...(onLine && { hooks: { logMethod: heardBy(onLine) } }),
    },
    stream,
  );
}

function heardBy(onLine: (level: string) => void): LogHook {
  return function hear(args, method, level) {
    onLine(pino.levels.labels[level] ?? "");
    method.apply(this, args);
  };
}
