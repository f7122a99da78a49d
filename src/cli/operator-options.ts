import { createInterface } from "node:readline/promises";
import { CommanderError, InvalidArgumentError, type Command } from "commander";
import { EXIT } from "./exit.ts";

/** What every change by an operator is asked for. */
export interface OperatorOptions {
  readonly reason: string;
  readonly yes: boolean;
}

/** Adds `--reason` and `--yes`. */
export function asksForReason(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why; kept in the audit log", reasonText)
    .option("--yes", "do not ask; needed where nobody can be asked", false);
}

/** Asks a person at a terminal; anywhere else `--yes` must say it. Throws (exit 2) where it was not confirmed. */
export async function confirmChange(
  { yes }: Pick<OperatorOptions, "yes">,
  what: string,
): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw usage(`${what}: give --yes, since there is nobody to ask.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw usage("nothing was changed.");
  } finally {
    terminal.close();
  }
}

/** What the parser could not see was wrong: exit 2. */
export function usage(message: string): CommanderError {
  process.stderr.write(`gigpay: ${message}\n`);
  return new CommanderError(EXIT.usage, "gigpay.unconfirmed", message);
}

function reasonText(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("Say why.");
  return value;
}

/** A payment's or dead letter's id. */
export function uuid(value: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return value.toLowerCase();
  throw new InvalidArgumentError("Give an id (a UUID).");
}

export function uuids(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), uuid(value)];
}

/** A whole number from 1 up to `max`. */
export function count(max: number) {
  return (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= 1 && number <= max) return number;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${max}.`);
  };
}

export function wholeSeconds(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError("Give whole seconds.");
  return Number(value);
}
