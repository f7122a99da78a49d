import { Client } from "pg";

/**
 * Names every statement that has values after its text, so that Postgres parses and plans it once for each connection: a
 * schedule asks the same few hundred things on tables of a few rows, and planning is most of what they cost.
 */
export function planOnce(): void {
  const names = new Map<string, string>();
  const query = Client.prototype.query as (...args: unknown[]) => unknown;
  function named(this: Client, ...args: unknown[]): unknown {
    const [text, values, ...rest] = args;
    if (typeof text !== "string" || !Array.isArray(values)) return query.apply(this, args);
    const name = names.get(text) ?? `planned-${names.size}`;
    names.set(text, name);
    return query.call(this, { name, text, values }, ...rest);
  }
  Client.prototype.query = named as typeof Client.prototype.query;
}
