import { readFileSync } from "node:fs";
import { Complaint, type Parser } from "./parsers.ts";

export interface Setting<T> {
  readonly parse: Parser<T>;
  /** Text, as one would write it; absent: the setting must be given. */
  readonly byDefault?: string;
  /** Its value is never shown, and `NAME_FILE` may point to it. */
  readonly secret?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
export type Settings = Readonly<Record<string, Setting<unknown>>>;
type Values<S extends Settings> = { readonly [N in keyof S]: ReturnType<S[N]["parse"]> };

export interface Problem {
  readonly name: string;
  readonly text: string;
}

/** Families that belong to this service alone: a name in them that we do not know is a spelling mistake. */
const OWN_PREFIXES = [
  "PAYMENT_",
  "HTTP_RATE_",
  "HTTP_BODY_",
  "CIRCLE_",
  "ARC_",
  "TOPIC_",
  "RISK_",
  "SCHEMA_REGISTRY_",
  "PAY_ONCE_",
  "HEARTBEAT_",
  "WEBHOOK_",
];

/** Reads every setting and collects every complaint, so that an operator mends all of them at once. */
export function readSettings<S extends Settings>(
  settings: S,
  environment: Environment,
  problems: Problem[],
): Values<S> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = readText(name, setting, environment, problems);
    if (given === undefined) continue;
    try {
      values[name] = setting.parse(given);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      const shown = setting.secret ? "" : `"${given}" `;
      problems.push({ name, text: `${shown}${error.message}` });
    }
  }
  return values as Values<S>;
}

function readText(
  name: string,
  setting: Setting<unknown>,
  environment: Environment,
  problems: Problem[],
): string | undefined {
  const given = environment[name];
  if (given !== undefined) return given.trim();
  const file = setting.secret ? environment[`${name}_FILE`] : undefined;
  if (file !== undefined) {
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      problems.push({ name: `${name}_FILE`, text: `"${file}" cannot be read` });
      return undefined;
    }
  }
  if (setting.byDefault === undefined) problems.push({ name, text: "missing" });
  return setting.byDefault;
}

/** Names in the environment that look like ours and are not: each with the setting it was probably meant to be. */
export function unknownSettings(known: readonly string[], environment: Environment): Problem[] {
  const names = new Set(known.flatMap((name) => [name, `${name}_FILE`]));
  return Object.keys(environment)
    .filter((name) => !names.has(name) && OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .map((name) => {
      const meant = nearest(name, known);
      return { name, text: meant ? `unknown; did you mean ${meant}?` : "unknown" };
    });
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best && best.distance <= Math.max(3, name.length / 3) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, ca] of a.split("").entries()) {
    const next = [i + 1];
    for (const [j, cb] of b.split("").entries()) {
      const replaced = (row[j] ?? 0) + (ca === cb ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
