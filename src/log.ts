import { destination, pino, type Logger } from "pino";

export type { Logger };

/** Explicit paths: what is secret is named, so that a new field cannot slip through a pattern. */
const REDACTED = [
  "apiKey",
  "entitySecret",
  "privateKey",
  "raw",
  "DATABASE_URL",
  "err.config",
  "err.request",
  "err.response",
];

/** JSON lines on stderr: stdout belongs to what a command was asked for. */
export function createLog(settings: { level: string; instanceId: string }): Logger {
  return pino(
    {
      level: settings.level,
      base: { instance: settings.instanceId },
      redact: { paths: REDACTED, censor: "(redacted)" },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination({ fd: 2, sync: false, minLength: 0 }),
  );
}
