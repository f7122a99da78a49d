import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { readEvents, type EventReader } from "../../sandbox/audit/read-events.ts";
import { TOKENS } from "../../sandbox/chain/arc-chain.ts";
import { TOPICS } from "../../sandbox/demo/world.ts";
import { partStarters } from "../../sandbox/part-starters.ts";
import { execute, type Postgres } from "../../sandbox/postgres/postgres-at.ts";
import { scratchDirectory } from "../../sandbox/process/scratch-directory.ts";
import { seedDirectory } from "../../sandbox/traffic/directory.ts";
import { createLedger, type Ledger } from "../../sandbox/traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../../sandbox/traffic/publish-tasks.ts";
import type { RunContext } from "../question.ts";
import { createTopic } from "../../test/support/create-topic.ts";

/** As many as our service makes. */
const PARTITIONS = 6;
const PLATFORMS = 2;
/** 2.5 %, in millionths. */
const FEE_RATE = 25_000n;

/** Kafka, Postgres and the registry, the platforms and the auditor: all that a contender finds, and no contender. */
export interface ContestWorld extends AsyncDisposable {
  /** Of the contender's own database, as its owner. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly pids: { readonly postgres: number; readonly kafka: number };
  /** For what a contender keeps in files: they outlast its process, and end with this world. */
  readonly directory: string;
  readonly ledgerPath: string;
  /** Where our service writes its CPU profile; absent: none is wanted. */
  readonly profiles?: string;
  readonly ledger: Ledger;
  readonly events: EventReader;
  /** Fills the directory of the contender's database and connects the platforms; once its tables are there. */
  connectPlatforms(): Promise<Traffic>;
}

export const CONTEST_DATABASE = "contest";

/**
 * Starts a world for one contender; nothing of an earlier one slows it down, unless Postgres is to go on in a directory with
 * the database that another one left there.
 */
export async function startContestWorld(
  { signal, profiles }: Pick<RunContext, "signal" | "profiles">,
  databaseDirectory?: string,
): Promise<ContestWorld> {
  await using starting = new AsyncDisposableStack();
  const starters = await partStarters();
  const scratch = await scratchDirectory("contest");
  starting.defer(() => scratch.remove());
  const keep = async <T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const started = await part;
    starting.defer(() => started.stop());
    return started;
  };
  const [postgres, kafka, registry] = await Promise.all([
    keep(starters.startPostgres({ signal, ...(databaseDirectory && { dir: databaseDirectory }) })),
    keep(starters.startKafka({ signal })),
    keep(starters.startRegistry({ signal })),
  ]);
  const databaseUrl = databaseDirectory
    ? contestDatabaseOf(postgres)
    : await postgres.createDatabase(CONTEST_DATABASE);
  await makeTopics(kafka.brokers);
  const events = await readEvents(kafka.brokers, TOPICS.outcomes);
  starting.defer(() => events.stop());
  const ledger = createLedger();
  const connected = new AsyncDisposableStack();
  starting.use(connected);
  const running = starting.move();
  return {
    databaseUrl,
    brokers: kafka.brokers,
    registryUrl: registry.url,
    pids: { postgres: postgres.server.pid, kafka: kafka.broker.pid },
    directory: scratch.path,
    ...(profiles !== undefined && { profiles }),
    ledgerPath: join(scratch.path, "ledger.jsonl"),
    ledger,
    events,
    async connectPlatforms() {
      const directory = await seedDirectory(databaseUrl, payers());
      const traffic = await connectTraffic({
        brokers: kafka.brokers,
        registryUrl: registry.url,
        topic: TOPICS.tasks,
        directory,
        ledger,
        feeRate: FEE_RATE,
      });
      connected.defer(() => traffic.stop());
      return traffic;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** In a server that has it already. */
function contestDatabaseOf({ url }: Pick<Postgres, "url">): string {
  return new URL(CONTEST_DATABASE, url).href;
}

/** Nobody needs their keys here. */
function payers(): string[] {
  return Array.from({ length: PLATFORMS }, () => privateKeyToAddress(generatePrivateKey()));
}

async function makeTopics(brokers: readonly string[]): Promise<void> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  for (const topic of [TOPICS.tasks, ...Object.values(TOPICS.outcomes)]) {
    await createTopic(admin, { topic, numPartitions: PARTITIONS });
  }
  await admin.disconnect();
}

/** The directory as the peers have it: the columns of ours that are filled and read. */
export async function makeDirectoryTables(databaseUrl: string): Promise<void> {
  await execute(
    databaseUrl,
    `CREATE TABLE platforms (id text PRIMARY KEY, name text, wallet_address text NOT NULL, task_source text);
     CREATE TABLE workers (id text PRIMARY KEY, name text, wallet_address text NOT NULL)`,
  );
}

/** The token in which the provider's ledger is kept. */
export const LEDGER_TOKEN = TOKENS.USDC.toLowerCase();
