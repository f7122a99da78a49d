import type { EventReader } from "../../sandbox/audit/read-events.ts";
import type { Ledger } from "../../sandbox/traffic/ledger.ts";
import type { Traffic } from "../../sandbox/traffic/publish-tasks.ts";
import type { ProviderTime } from "../measure/provider-time.ts";
import type { MeasuredPayment } from "../measure/read-payments.ts";
import type { Audit, Measures } from "../question.ts";

/** A service under load: the platforms, the auditor, and what tells the service's time from others'. */
export interface BenchWorld extends AsyncDisposable {
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly events: EventReader;
  /** The service's database, as its owner. */
  readonly databaseUrl: string;
  /** The processes of the world by what they are, `service` among them. */
  readonly pids: { readonly service: number; readonly [part: string]: number };
  killService(): Promise<void>;
  restartService(): Promise<void>;
  /** What of a payment's way was the provider's, once the payments have ended. */
  providerTimes(): Promise<(payment: MeasuredPayment) => ProviderTime>;
  /** What the payments of that time cost on chain; nothing where there is no real chain. */
  gasBetween(fromMs: number, toMs: number, payments: number): Promise<Measures>;
  audit(): Promise<Audit>;
}

/** When the last outcome so far reached its consumer. */
export function lastArrivalMs({ events }: Pick<BenchWorld, "events">): number {
  return events.outcomes.reduce((last, { arrivedAtMs }) => Math.max(last, arrivedAtMs), 0);
}
