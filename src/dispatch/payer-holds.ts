import { sql } from "slonik";
import { z } from "zod";
import { anyRow } from "../database/pool.ts";
import { formatMicros, type Micros } from "../payment/money.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import { pairKey } from "./due-queues.ts";
import type { KnownFunds } from "./funds-book.ts";

interface Pair {
  readonly payer: string;
  readonly token: string;
}

/** Who is parked for want of funds, for operators to see: a row each, one line when it begins and one when it ends. */
export interface PayerHolds {
  held(): readonly Pair[];
  /** Finds the rows that an earlier holder of the lane left. */
  load(): Promise<void>;
  hold(known: KnownFunds, needed: Micros): Promise<void>;
  release(pair: Pair): Promise<void>;
}

const pairRow = z.object({ payer: z.string(), token: z.string() });

export function createPayerHolds({
  database,
  log,
}: Pick<DispatchDeps, "database" | "log">): PayerHolds {
  const holds = new Map<string, Pair>();
  return {
    held: () => [...holds.values()],
    async load() {
      const rows = await database.any(sql.type(pairRow)`SELECT payer, token FROM payer_holds`);
      for (const row of rows) holds.set(pairKey(row), row);
    },
    async hold(known, needed) {
      const { payer, token, funds } = known;
      const balance = formatMicros(funds.balance);
      const allowance = formatMicros(funds.allowance);
      await database.query(sql.type(anyRow)`
        INSERT INTO payer_holds (payer, token, balance, allowance)
        VALUES (${payer}, ${token}, least(${balance}::numeric, 99999999999999.999999),
                least(${allowance}::numeric, 99999999999999.999999))
        ON CONFLICT (payer, token) DO UPDATE SET balance = excluded.balance, allowance = excluded.allowance`);
      if (!holds.has(pairKey(known))) {
        const why = { payer, token, balance, allowance, blocked: funds.blocked };
        log.warn({ ...why, needed: formatMicros(needed) }, "payer parked until it is funded");
      }
      holds.set(pairKey(known), { payer, token });
    },
    async release(pair) {
      if (!holds.delete(pairKey(pair))) return;
      const { payer, token } = pair;
      await database.query(sql.type(anyRow)`
        DELETE FROM payer_holds WHERE payer = ${payer} AND token = ${token}`);
      log.info({ payer, token }, "payer no longer parked");
    },
  };
}
