import { Client } from "pg";
import { measureRate } from "../contest/measure-rate.ts";
import { watchDiskStall } from "../measure/disk-stall.ts";
import type { Audited, RunContext } from "../question.ts";
import { measureBacklog, type Backlog } from "../world/backlog.ts";
import type { BenchWorld } from "../world/bench-world.ts";

export interface HistoryLoad {
  readonly backlog: Backlog;
  readonly perSecond: number;
  /** Of the even rate; a minute and more has a verification in it. */
  readonly forMs: number;
}

const RATE_WITHIN_MS = 20_000;

/** A backlog, then an even rate, then the audit of both; no result where the service's own verification was idle or found anything. */
export async function measureHistory(
  world: BenchWorld,
  { backlog, perSecond, forMs }: HistoryLoad,
  context: RunContext,
): Promise<Audited> {
  const database = new Client({ connectionString: world.databaseUrl, query_timeout: 10_000 });
  await database.connect();
  try {
    const lookedAtFirst = await readVerification(database);
    const walBefore = await readWalBytes(database);
    const diskStallOf = await watchDiskStall();
    const carried = await measureBacklog(world, backlog, context);
    const lookedBefore = await readVerification(database);
    const rate = { perSecond, forMs, withinMs: RATE_WITHIN_MS };
    const even = await measureRate(world, rate, context);
    const walBytes = (await readWalBytes(database)) - walBefore;
    const diskStallPercent = await diskStallOf();
    // A smoke run is over before its minute.
    await refuseUnverified(database, context.isQuick ? lookedAtFirst : lookedBefore);
    const walKbPerPayment = walBytes / 1_000 / world.ledger.tasks.size;
    return {
      measures: {
        ...carried.measures,
        ...even,
        walKbPerPayment,
        ...(diskStallPercent !== undefined && { diskStallPercent }),
      },
      audit: await world.audit(),
    };
  } finally {
    await database.end();
  }
}

/** All that the server has ever written ahead. */
async function readWalBytes(database: Client): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(
    "SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes",
  );
  return Number(rows[0]?.bytes);
}

interface Verification {
  readonly at: Date;
  readonly suspects: readonly unknown[];
}

/** The last look. */
async function readVerification(database: Client): Promise<Verification> {
  const { rows } = await database.query<Verification>(
    "SELECT updated_at AS at, suspects FROM verify_watermark",
  );
  const [look] = rows;
  if (!look) throw new Error("the ledger was never verified");
  return look;
}

async function refuseUnverified(database: Client, before: Verification): Promise<void> {
  const { at, suspects } = await readVerification(database);
  if (at.getTime() === before.at.getTime())
    throw new Error("the ledger was not verified meanwhile");
  if (suspects.length > 0) {
    throw new Error(`verification found ${JSON.stringify(suspects.slice(0, 3))}`);
  }
}
