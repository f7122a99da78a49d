import { sql } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import type { Database } from "../database/pool.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { FoundPaid, PayOnceLog, SkippedLog } from "../payment/pay-once-log.ts";
import { answerWithin } from "./answer-within.ts";
import type { PlacedLog } from "./judge-logs.ts";

/** Reading backwards takes time, but it happens only if a log that was stored is lost. */
const SEARCH_TIMEOUT_MS = 10_000;
const SEARCHES_MAX = 16;

const idRow = z.object({ payment_id: z.string() });

export interface PaidSearch {
  /** Throws when the chain could not be asked. */
  findPaid(ref: string, upTo: bigint): Promise<FoundPaid | undefined>;
}

/** Looks for the Paid behind each Skipped(paid) whose payment is unfinished and whose Paid is neither stored nor here. */
export async function findMissingPaid(
  { pool, chain }: { readonly pool: Database; readonly chain: PaidSearch },
  places: readonly PlacedLog[],
): Promise<FoundPaid[]> {
  const here = new Set(places.flatMap(({ log }) => (log.kind === "paid" ? [log.ref] : [])));
  const skipped = places.filter(
    (place): place is PlacedLog & { log: SkippedLog } =>
      isPaidSkip(place.log) && !here.has(place.log.ref),
  );
  if (skipped.length === 0) return [];
  const missing = new Set(await readMissing(pool, skipped));
  const searched = new Map(
    skipped
      .filter(({ log }) => missing.has(paymentIdOfRef(log.ref) ?? ""))
      .map(({ log, blockNumber }) => [log.ref, blockNumber] as const),
  );
  const found = await Promise.all(
    [...searched]
      .slice(0, SEARCHES_MAX)
      .map(([ref, upTo]) => answerWithin(chain.findPaid(ref, upTo), SEARCH_TIMEOUT_MS)),
  );
  return found.filter((paid) => paid !== undefined);
}

function isPaidSkip(log: PayOnceLog): log is SkippedLog {
  return log.kind === "skipped" && log.paid;
}

async function readMissing(
  pool: Database,
  skipped: readonly { readonly log: SkippedLog }[],
): Promise<string[]> {
  const ids = skipped.flatMap(({ log }) => paymentIdOfRef(log.ref) ?? []);
  const rows = await askDatabase(() =>
    pool.any(sql.type(idRow)`
      SELECT p.id AS payment_id FROM payments p
      WHERE p.id = ANY(${sql.array(ids, "uuid")}) AND p.state <> 'completed'
        AND NOT EXISTS (SELECT FROM chain_events e WHERE e.payment_id = p.id AND e.kind = 'paid')
    `),
  );
  return rows.map((row) => row.payment_id);
}
