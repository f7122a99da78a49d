import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import type { BlockHeader, PayOnceLog } from "../payment/pay-once-log.ts";
import { settleLogs, type Settled, type SettleDeps } from "./settle-logs.ts";
import { placeKey, storeLogs } from "./store-logs.ts";

const clockRow = z.object({ now: z.date() });

/**
 * Settles the logs of one transaction that was read again, in a transaction of the caller's: as following does, but for the
 * cursor. A refusal that was stored before uses up no second try.
 */
export async function settleFound(
  tx: Transaction,
  deps: SettleDeps,
  { header, logs }: { readonly header: BlockHeader; readonly logs: readonly PayOnceLog[] },
): Promise<Settled> {
  const { now } = await tx.one(sql.type(clockRow)`SELECT payment_now() AS now`);
  const places = logs.map((log) => ({
    log,
    blockNumber: header.number,
    blockHash: header.hash,
    followedAt: now,
    logsReadAt: now,
  }));
  const fresh = await storeLogs(tx, deps.instance, places);
  const counting = places.filter(
    ({ log }) => log.kind !== "refused" || fresh.has(placeKey(log.txHash, log.logIndex)),
  );
  return settleLogs(tx, deps, counting, { now, causeOf: () => "unknown" });
}
