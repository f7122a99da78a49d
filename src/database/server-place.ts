import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import { askDatabase } from "./translate-error.ts";

/** Where a server stands in its own history; null where this role may not ask, or a standby cannot say. */
export interface ServerPlace {
  /** Names the cluster; a copy of its files has the same. */
  readonly system: string | null;
  /** Another one after every promotion and every restore to a point in time. */
  readonly timeline: string | null;
  /** How much of its write-ahead log is on disk, in bytes: it never falls, crashes included. */
  readonly position: bigint | null;
  /** Of this database and of its ledger: others after a dump was loaded in their place. */
  readonly database: string;
  readonly ledger: string;
}

const placeRow = z.object({
  system: z.string().nullable(),
  timeline: z.string().nullable(),
  position: z.bigint().nullable(),
  database: z.string(),
  ledger: z.string(),
});

const cluster = sql.fragment`(SELECT system_identifier::text FROM pg_control_system())`;
const written = sql.fragment`CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END`;
const nothing = sql.fragment`NULL`;

/** From everything to what any role may ask; managed servers and cautious administrators refuse some of it. */
const LOOKS = [
  { cluster, written },
  { cluster: nothing, written },
  { cluster: nothing, written: nothing },
] as const;

/** SQLSTATEs of "this role may not" and "this server has no such function". */
const REFUSED = new Set(["42501", "42883", "0A000"]);

/** Looks at the server behind this connection, degrading to what the role may see; throws DATABASE_*. */
export async function readServerPlace(db: CommonQueryMethods): Promise<ServerPlace> {
  for (const look of LOOKS) {
    try {
      return await askDatabase(() => readWith(db, look));
    } catch (error) {
      if (look === LOOKS.at(-1) || !isRefused(error)) throw error;
    }
  }
  throw new TypeError("the last look refuses nothing");
}

function readWith(db: CommonQueryMethods, look: (typeof LOOKS)[number]): Promise<ServerPlace> {
  // The file's name tells the timeline at once; the control file only after the next checkpoint.
  return db.one(sql.type(placeRow)`
    SELECT ${look.cluster} AS system, substr(pg_walfile_name(l.lsn), 1, 8) AS timeline,
      (l.lsn - '0/0'::pg_lsn)::int8 AS position,
      (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
      coalesce(to_regclass('deployment')::oid::text, '') AS ledger
    FROM (SELECT (${look.written})::pg_lsn AS lsn) l
  `);
}

function isRefused(error: unknown): boolean {
  return error instanceof PaymentError && REFUSED.has(String(error.context["sqlState"]));
}

export interface Backwards {
  readonly changed: keyof ServerPlace;
  readonly from: string;
  readonly to: string;
}

/**
 * What a server must have forgotten to stand here after it was seen there; undefined where nothing says so. A failover
 * counts, however quick: a replica that is promoted may have lagged, and cannot tell.
 */
export function wentBackwards(seen: ServerPlace, found: ServerPlace): Backwards | undefined {
  for (const changed of ["system", "database", "ledger", "timeline"] as const) {
    const [from, to] = [seen[changed], found[changed]];
    if (from !== null && to !== null && from !== "" && from !== to) return { changed, from, to };
  }
  if (seen.position === null || found.position === null || found.position >= seen.position) {
    return undefined;
  }
  return { changed: "position", from: `${seen.position}`, to: `${found.position}` };
}
