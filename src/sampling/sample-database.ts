import type { Database } from "../database/pool.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Tokens } from "../payment/tokens.ts";
import { createHourlyDemand } from "./hourly-demand.ts";
import { readBacklog } from "./read-backlog.ts";
import { readOpenPayments } from "./read-open-payments.ts";
import { readOpenSends } from "./read-open-sends.ts";
import { readPaid } from "./read-paid.ts";
import { readWebhooks } from "./read-webhooks.ts";
import { readWithIndexes } from "./read-with-indexes.ts";
import type { Sampler } from "./sample-every.ts";
import {
  showBacklog,
  showDemand,
  showOpenPayments,
  showOpenSends,
  showWebhooks,
} from "./show-database.ts";
import { choosePayers, type Payer } from "./watched-payers.ts";

export interface DatabaseSamplerDeps {
  readonly pool: Database;
  readonly metrics: Metrics;
  readonly instance: { readonly chainId: number; readonly payOnce: string };
  readonly tokens: Tokens;
  /** Lower-case addresses; each is shown, whether or not it has anything open. */
  readonly operators: readonly string[];
}

export interface DatabaseSampler extends Sampler {
  /** Whose funds matter, as last seen: those with payments open, and those paid for in the last hour. */
  readonly payers: () => readonly Payer[];
}

/** Figures from the database's rows, by the database's clock. One connection for some milliseconds; throws DATABASE_*. */
export function createDatabaseSampler(deps: DatabaseSamplerDeps): DatabaseSampler {
  const { pool, metrics, instance } = deps;
  const demand = createHourlyDemand((since) => readWithIndexes(pool, (tx) => readPaid(tx, since)));
  let payers: readonly Payer[] = [];
  return {
    name: "database",
    payers: () => payers,
    async sample() {
      showPool(metrics, pool);
      const read = await readWithIndexes(pool, async (tx) => ({
        open: await readOpenPayments(tx),
        sends: await readOpenSends(tx),
        backlog: await readBacklog(tx, instance),
        webhooks: await readWebhooks(tx),
      }));
      showOpenPayments(metrics, read.open);
      showOpenSends(metrics, read.sends, deps.operators);
      showBacklog(metrics, read.backlog);
      showWebhooks(metrics, read.webhooks);
      await demand.readMore();
      payers = choosePayers(read.open, demand.known() ?? [], deps.tokens);
      showDemand(metrics, demand.known() && payers);
    },
  };
}

function showPool({ poolConnections }: Metrics, pool: Database): void {
  const { acquiredConnections, idleConnections, waitingClients } = pool.state();
  poolConnections.set({ state: "in_use" }, acquiredConnections);
  poolConnections.set({ state: "idle" }, idleConnections);
  poolConnections.set({ state: "waiting" }, waitingClients);
}
