import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { postgresAccount, scratchFor } from "../../sandbox/postgres/postgres-account.ts";
import { serviceLogin } from "../../sandbox/postgres/service-login.ts";
import { startPostgres } from "../../sandbox/postgres/start-postgres.ts";
import { migrate } from "../../src/database/migrate.ts";
import { CONTEST_DATABASE } from "../contest/world.ts";
import type { RunContext } from "../question.ts";
import { refuseWithoutRoom } from "./disk-room.ts";
import { historyUntil } from "./history.ts";
import { loadHistory } from "./load-history.ts";
import { LOAD_SETTINGS } from "./load-settings.ts";
import type { Past } from "./past.ts";

const run = promisify(execFile);

/** Makes the database of a service that has paid so many, in a directory that goes with this process, however that ends. */
export async function makePast(
  payments: number,
  context: RunContext,
): Promise<Required<Past> & AsyncDisposable> {
  await using making = new AsyncDisposableStack();
  const scratch = await scratchFor(await postgresAccount());
  making.defer(() => scratch.remove());
  await refuseWithoutRoom(scratch.path, payments);
  const history = historyUntil(Date.now(), payments);
  const databaseDirectory = join(scratch.path, "data");
  await fillDirectory(databaseDirectory, history, context);
  const made = making.move();
  return {
    databaseDirectory,
    chainBeganAtMs: history.chainBeganAtMs,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

async function fillDirectory(
  dir: string,
  history: ReturnType<typeof historyUntil>,
  { signal, say }: RunContext,
): Promise<void> {
  const beganAtMs = performance.now();
  say(`loading ${history.payments} old payments`);
  const postgres = await startPostgres({ dir, fsync: false, settings: LOAD_SETTINGS, signal });
  try {
    const databaseUrl = await postgres.createDatabase(CONTEST_DATABASE);
    await serviceLogin(databaseUrl);
    await migrate(databaseUrl);
    await loadHistory(databaseUrl, history, { signal, say });
  } finally {
    // With a checkpoint, so that nothing has to be recovered.
    await postgres.stop();
  }
  // What the kernel has still to write would be written during the first rounds.
  await run("sync", ["--file-system", dir]);
  const { stdout } = await run("du", ["--summarize", "--bytes", dir]);
  const tookS = Math.round((performance.now() - beganAtMs) / 1_000);
  say(`loaded in ${tookS} s, ${(Number.parseInt(stdout, 10) / 1e9).toFixed(1)} GB`);
}
