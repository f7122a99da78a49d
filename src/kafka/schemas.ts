import { readdirSync, readFileSync } from "node:fs";

const SCHEMA_FOLDER = new URL("../../schemas/", import.meta.url);
const FILE_NAME = /^([a-z.]+)\.v(\d{1,4})\.avsc$/;

export type EventName = "task.completed" | "payment.completed" | "payment.failed";

/** Every version of an event's contract, oldest first: `schemas/<event>.v<N>.avsc`. */
export function schemaVersions(event: EventName): string[] {
  return readdirSync(SCHEMA_FOLDER)
    .map((name) => FILE_NAME.exec(name))
    .filter((match) => match !== null && match[1] === event)
    .map((match) => ({ file: match?.[0] ?? "", version: Number(match?.[2]) }))
    .sort((a, b) => a.version - b.version)
    .map(({ file }) => readFileSync(new URL(file, SCHEMA_FOLDER), "utf8"));
}

/** The version that we write, and read everything else into. */
export function newestSchema(event: EventName): string {
  const newest = schemaVersions(event).at(-1);
  if (newest === undefined) throw new Error(`schemas/ has no version of ${event}`);
  return newest;
}
