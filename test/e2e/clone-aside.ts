import { Client } from "pg";
import type { World } from "./world.ts";

/**
 * A logical backup of a world's database in the sandbox that all worlds share: a clone beside it. Whoever is connected
 * is thrown out for the moment that it takes, and connects again.
 */
export async function cloneAside({
  parts: { postgresUrl },
  settings,
}: World): Promise<{ restore(): Promise<void> }> {
  const name = new URL(settings["DATABASE_URL"] ?? "").pathname.slice(1);
  await withAdmin(postgresUrl, async (admin) => {
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
      [name],
    );
    await admin.query(`DROP DATABASE IF EXISTS ${name}_backup`);
    await admin.query(`CREATE DATABASE ${name}_backup TEMPLATE ${name}`);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  });
  return {
    restore: () =>
      withAdmin(postgresUrl, async (admin) => {
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await admin.query(`CREATE DATABASE ${name} TEMPLATE ${name}_backup`);
      }),
  };
}

async function withAdmin(
  connectionString: string,
  work: (admin: Client) => Promise<void>,
): Promise<void> {
  const admin = new Client({ connectionString });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
