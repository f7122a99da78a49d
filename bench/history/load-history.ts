import { Client } from "pg";
import { takeOff, type TakenOff } from "./bare-tables.ts";
import type { History } from "./history.ts";
import { oldInbox, oldParties, oldPayments, oldReputation, oldTasks } from "./old-intake.ts";
import { oldAudit, oldLiveEvents, oldOutbox, oldOutcomes, oldTotals } from "./old-outcomes.ts";
import { oldChainEvents, oldItems, oldTransactions } from "./old-sends.ts";
import { insertOf, type OldTable } from "./old-table.ts";

/** At once: as many as there are processors, each fills a table of its own. */
const LANES = 2;

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Fills a migrated database that is empty with a history, as the service would have left it: first the rows, in time's order,
 * then their indexes, then what autovacuum would do.
 */
export async function loadHistory(
  databaseUrl: string,
  history: History,
  { signal, say }: LoadOptions,
): Promise<void> {
  const tables = oldTables(history);
  await using lanes = new AsyncDisposableStack();
  const clients: Client[] = [];
  for (let lane = 0; lane < LANES; lane += 1) {
    const client = await connect(databaseUrl);
    clients.push(client);
    lanes.defer(() => client.end());
  }
  // A statement may take minutes: its connection is cut.
  const cutOff = () => void Promise.all(clients.map((client) => client.end()));
  signal.addEventListener("abort", cutOff, { once: true });
  lanes.defer(() => signal.removeEventListener("abort", cutOff));
  const [first] = clients;
  if (!first) throw new RangeError("a history needs a lane");
  for (const statement of oldParties(history)) await first.query(statement);
  const taken = await takeOff(
    first,
    tables.map(({ table }) => table),
  );
  const run = (jobs: readonly Job[]) => inLanes(clients, jobs, signal);
  await run(tables.map((each) => (client) => fill(client, each, taken, say)));
  await run(taken.foreignKeys.map((statement) => (client) => client.query(statement)));
  for (const statement of oldTotals(history)) await first.query(statement);
  await first.query("DROP TABLE old_platforms, old_workers");
  // What is new at the end: the catalogue, and the tables that hold the parties.
  await first.query("VACUUM (ANALYZE) platforms, workers, live_sequence, prunings");
}

/** The heaviest first, so that the lanes end together. */
function oldTables(history: History): readonly OldTable[] {
  return [
    oldPayments(history),
    oldChainEvents(history),
    oldItems(history),
    oldInbox(history),
    oldTasks(history),
    oldAudit(history),
    oldOutcomes(history),
    oldReputation(history),
    oldTransactions(history),
    oldOutbox(history),
    oldLiveEvents(history),
  ];
}

type Job = (client: Client) => Promise<unknown>;

/** Whoever is done takes the next one; ends with the first error, or the signal's. */
async function inLanes(
  clients: readonly Client[],
  jobs: readonly Job[],
  signal: AbortSignal,
): Promise<void> {
  const left = [...jobs];
  const work = async (client: Client) => {
    for (let job = left.shift(); job; job = left.shift()) {
      signal.throwIfAborted();
      await job(client);
    }
  };
  await Promise.all(clients.map(work));
}

/** No trigger runs: what they guard against, and tell others of, is no part of a history. */
async function connect(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  // Where the server is stopped in the middle, the query under way says so.
  client.on("error", () => undefined);
  await client.connect();
  await client.query("SET session_replication_role = replica");
  return client;
}

async function fill(
  client: Client,
  old: OldTable,
  { byTable }: TakenOff,
  say: LoadOptions["say"],
): Promise<void> {
  const beganAtMs = performance.now();
  const tookS = () => ((performance.now() - beganAtMs) / 1_000).toFixed(1);
  await client.query("BEGIN");
  // A table that is made anew in the same transaction needs no write-ahead log.
  await client.query(`TRUNCATE ${old.table}`);
  const { rowCount } = await client.query(insertOf(old));
  await client.query("COMMIT");
  const filledS = tookS();
  for (const statement of byTable.get(old.table) ?? []) await client.query(statement);
  const indexedS = tookS();
  await client.query(`VACUUM (ANALYZE) ${old.table}`);
  say(
    `  ${old.table}: ${rowCount} rows in ${filledS} s, indexes by ${indexedS} s, vacuum by ${tookS()} s`,
  );
}
