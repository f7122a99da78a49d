import type { Logger } from "pino";
import type { Database } from "../database/pool.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Wake } from "../wake.ts";
import type { Forming } from "./forming.ts";
import type { FundsReader, PayOnceCalls } from "./rail.ts";

interface DispatchSettings {
  /** Payments per send. */
  readonly batchMax: number;
  /** Payments in open sends, over all lanes. */
  readonly maxInFlight: number;
  /** How long a sent payment may stay without evidence before it is in doubt. */
  readonly reviewAfterMs: number;
  /** Waits before the second, third, … try. */
  readonly retryDelaysMs: readonly number[];
}

export interface DispatchDeps {
  readonly database: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "batch" | "retries" | "voids" | "reviews">;
  readonly tracing: Pick<Tracing, "batch" | "submit">;
  /** Rung when payments may have become due or sends may have been closed; a bell of each lane's own. */
  readonly wake: Wake;
  /** One for all lanes of this process. */
  readonly forming: Forming;
  readonly calls: PayOnceCalls;
  readonly funds: FundsReader;
  readonly chainId: number;
  /** Our PayOnce instance, lower-case. */
  readonly payOnce: string;
  readonly settings: DispatchSettings;
}

/** What an operator's command rings when it made work for dispatch; all lanes of this process. */
export interface Ringing {
  readonly wake: Pick<Wake, "ring">;
}
