import { execute } from "../../../sandbox/postgres/postgres-at.ts";
import type { Stage } from "./stage.ts";

/** A copy of a cell's database; only while no service runs. */
export interface DatabaseCopy {
  /** Puts the copy in the place of the database: what was committed since is forgotten. */
  restore(): Promise<void>;
}

export async function copyDatabase({ cell }: Stage): Promise<DatabaseCopy> {
  const { postgres } = cell.sandbox;
  const name = new URL(cell.world.settings["DATABASE_URL"] ?? "").pathname.slice(1);
  const copy = `${name}_copy`;
  const ask = (statement: string) => execute(postgres.url, statement);
  // This process' own sessions too: a database that is copied has none, and the pool opens new ones.
  const leave = (database: string) =>
    ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
  await leave(name);
  await ask(`CREATE DATABASE ${copy} TEMPLATE ${name}`);
  return {
    async restore() {
      await ask(`DROP DATABASE ${name} WITH (FORCE)`);
      await ask(`CREATE DATABASE ${name} TEMPLATE ${copy}`);
    },
  };
}
