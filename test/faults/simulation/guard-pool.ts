import type { Database } from "../../../src/database/pool.ts";
import type { SimProcess } from "./process.ts";
import { bound, runOutside } from "./virtual-time.ts";

export type DatabaseFate = "answered" | "refused" | "answer_lost";

type Work = (connection: object, ...rest: unknown[]) => unknown;

/** The work is the process's own; the connection that it is given must not see the process's time. */
function inProcess(work: Work): Work {
  const own = bound(work);
  return (connection, ...rest) => own(outside(connection), ...rest);
}

function outside(connection: object): object {
  return new Proxy(connection, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => runOutside(() => member.apply(target, args) as unknown);
    },
  });
}

/** Words by which the service knows that a connection is gone. */
const GONE = "Connection terminated unexpectedly";

/**
 * Postgres as one process sees it: every operation is a place to crash at, may find the connection gone before anything
 * happened, and may lose its answer after it was committed.
 */
export function guardPool(
  pool: Database,
  process: SimProcess,
  port: {
    fateOf(process: SimProcess): DatabaseFate;
    run<T>(operation: () => Promise<T>): Promise<T>;
  },
): Database {
  return new Proxy(pool, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function" || typeof name !== "string") return member;
      if (name === "on" || name === "end" || name === "state") return member.bind(target);
      return (...args: unknown[]) => {
        // The work of a transaction is the process's own; what carries it is not.
        const bare = args.map((arg) => (typeof arg === "function" ? inProcess(arg as Work) : arg));
        const call = () => runOutside(() => member.apply(target, bare) as Promise<unknown>);
        return process.operate(name, async () => {
          const fate = port.fateOf(process);
          if (fate === "refused") throw new Error(GONE);
          const answer = await port.run(call);
          if (fate === "answer_lost") throw new Error(GONE);
          return answer;
        });
      };
    },
  });
}
