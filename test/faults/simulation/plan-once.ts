import { Client } from "pg";

type Query = (this: Client, text: unknown, values?: unknown, ...rest: unknown[]) => unknown;

/**
 * Names every statement that has values after its text, so that Postgres parses and plans it once for each connection: a
 * schedule asks the same few hundred things on tables of a few rows, and planning is most of what they cost.
 */
export function planOnce(): void {
  const names = new Map<string, string>();
  const prototype = Client.prototype as unknown as Record<"query", Query>;
  const { query } = prototype;
  prototype.query = function named(text, values, ...rest) {
    if (typeof text !== "string" || !Array.isArray(values)) {
      return query.call(this, text, values, ...rest);
    }
    const name = names.get(text) ?? `planned-${names.size}`;
    names.set(text, name);
    return query.call(this, { name, text, values }, ...rest);
  };
}
