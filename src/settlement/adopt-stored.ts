import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { readStored } from "./load-ledger.ts";
import { announceSettled, settleLogs, type Settled, type SettleDeps } from "./settle-logs.ts";

const clockRow = z.object({ now: z.date() });

/**
 * Applies what the chain said earlier about these payments: for those that were created, planned or opened again after
 * their logs had been followed, and, after a confirmed restore, for those in review. Safe to repeat.
 * Refusals are not repeated: a send of the past uses up no try of today.
 */
export async function adoptStored(
  deps: SettleDeps,
  paymentIds: readonly string[],
): Promise<Settled> {
  const settled = await transact(deps.pool, (tx) => adoptWithin(tx, deps, paymentIds));
  announceSettled(deps, settled);
  return settled;
}

/**
 * The same inside a transaction of the caller's, which has just written these payments. Alarms and wakes are the
 * caller's to announce after its commit (`announceSettled`).
 */
export async function adoptWithin(
  tx: Transaction,
  deps: SettleDeps,
  paymentIds: readonly string[],
): Promise<Settled> {
  const { now } = await tx.one(sql.type(clockRow)`SELECT payment_now() AS now`);
  // Read before the payments are locked: what is stored later brings its own commit, which consults all of this.
  const stored = await readStored(tx, deps.instance, paymentIds);
  return settleLogs(tx, deps, stored, { now, causeOf: () => "unknown" });
}
