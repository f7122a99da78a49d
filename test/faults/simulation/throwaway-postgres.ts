import { Client } from "pg";
import type { Postgres } from "../../../sandbox/postgres/postgres-at.ts";
import { startPostgres } from "../../../sandbox/postgres/start-postgres.ts";

/** Nothing here must outlive its server, no table grows, and few connect: what SQL means is left as it is. */
const SETTINGS = {
  synchronous_commit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  track_activities: "off",
  track_counts: "off",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  checkpoint_timeout: "1h",
  bgwriter_lru_maxpages: "0",
  // The tables are tiny, so that no plan is better for knowing its values.
  plan_cache_mode: "force_generic_plan",
  // In its data directory: half as dear as TCP.
  unix_socket_directories: ".",
};

/** Of a socket's path, with the name of the file itself. */
const SOCKET_PATH_MAX = 107;

/** A real Postgres for as many short schedules as possible. */
export async function startThrowawayPostgres(): Promise<Postgres> {
  return startPostgres({ fsync: false, settings: SETTINGS });
}

/** The same database by the server's socket, where its path is short enough for one. */
export async function bySocket(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ dir: string; port: string }>(
      "SELECT current_setting('data_directory') AS dir, current_setting('port') AS port",
    );
    const [{ dir, port } = { dir: "", port: "" }] = rows;
    if (`${dir}/.s.PGSQL.${port}`.length > SOCKET_PATH_MAX) return url;
    return url.replace(/@[^/]+/, `@${encodeURIComponent(dir)}:${port}`);
  } finally {
    await client.end();
  }
}
