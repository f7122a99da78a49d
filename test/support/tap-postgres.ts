import type { Socket } from "node:net";
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
  /** Of it and its answer on the wire, up to the session's next one. */
  readonly bytes: number;
}

/** Hears of every statement of this process, until it is disposed of. */
export function tapPostgres(): Disposable & { readonly statements: Statement[] } {
  const statements: Statement[] = [];
  const latest = new WeakMap<Client, OpenStatement>();
  const original = Reflect.get(Client.prototype, "query") as (...args: unknown[]) => unknown;
  const spy = vi.spyOn(Client.prototype, "query").mockImplementation(function query(
    this: Client,
    ...args: unknown[]
  ) {
    const [asked, values] = args as [string | Partial<QueryConfig>, unknown[]?];
    const config = typeof asked === "string" ? { text: asked } : asked;
    latest.get(this)?.end();
    const statement = openStatement(this, { values: values ?? [], ...config });
    latest.set(this, statement);
    statements.push(statement);
    return original.apply(this, args);
  });
  return { statements, [Symbol.dispose]: () => spy.mockRestore() };
}

interface OpenStatement extends Statement {
  /** What the session says and hears from now on is not of it. */
  end(): void;
}

function openStatement(session: Client, config: Partial<QueryConfig>): OpenStatement {
  const from = bytesOf(session);
  let until: number | undefined;
  return {
    session,
    name: config.name ?? null,
    text: config.text ?? "",
    values: config.values ?? [],
    get bytes() {
      return (until ?? bytesOf(session)) - from;
    },
    end() {
      until = bytesOf(session);
    },
  };
}

/** Sent and received by a session so far. */
function bytesOf(session: Client): number {
  // The driver's types do not tell of its connection.
  const { stream } = Reflect.get(session, "connection") as unknown as { readonly stream: Socket };
  return stream.bytesWritten + stream.bytesRead;
}
