import { Client, type QueryConfig } from "pg";
import { vi } from "vitest";

/** A statement as the driver was told it: one round trip. */
export interface Statement {
  /** The connection. */
  readonly session: object;
  /** Of a prepared one. */
  readonly name: string | null;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Hears of every statement of this process, until it is disposed of. */
export function tapPostgres(): Disposable & { readonly statements: Statement[] } {
  const statements: Statement[] = [];
  const original = Reflect.get(Client.prototype, "query") as (...args: unknown[]) => unknown;
  const spy = vi.spyOn(Client.prototype, "query").mockImplementation(function query(
    this: Client,
    ...args: unknown[]
  ) {
    const [asked, values] = args as [string | Partial<QueryConfig>, unknown[]?];
    const config = typeof asked === "string" ? { text: asked } : asked;
    statements.push({
      session: this,
      name: config.name ?? null,
      text: config.text ?? "",
      values: config.values ?? values ?? [],
    });
    return original.apply(this, args);
  });
  return { statements, [Symbol.dispose]: () => spy.mockRestore() };
}
