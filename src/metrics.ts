import { Counter, Gauge, Registry } from "prom-client";

/** What `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** The result of one look at the ledger. */
export interface LookResult {
  readonly mismatches: Readonly<Record<string, number>>;
  readonly checkedRows: number;
  readonly durationSeconds: number;
  readonly finishedAt: Date;
}

/** Every number that this process tells Prometheus, in one registry. Recording one never throws: no payment may fail by it. */
export interface Metrics {
  readonly reconciliation: {
    looked(result: LookResult): void;
    /** It could not look: a part was away. */
    failed(): void;
  };
  render(): Promise<Exposition>;
}

/** `mismatchKinds`: all that there are, so that each is shown as 0 before it was ever met. */
export function createMetrics(mismatchKinds: readonly string[]): Metrics {
  const registry = new Registry();
  return {
    reconciliation: reconciliationMetrics(registry, mismatchKinds),
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function reconciliationMetrics(
  registry: Registry,
  kinds: readonly string[],
): Metrics["reconciliation"] {
  const registers = [registry];
  const mismatches = new Gauge({
    name: "payments_reconciliation_mismatches",
    help: "What the last look found that must not be, by kind.",
    labelNames: ["kind"],
    registers,
  });
  const lastSuccess = new Gauge({
    name: "payments_reconciliation_last_success_timestamp_seconds",
    help: "When the ledger was last compared with the chain, whatever was found; 0 before the first time.",
    registers,
  });
  const duration = new Gauge({
    name: "payments_reconciliation_duration_seconds",
    help: "How long the last look took.",
    registers,
  });
  const rows = new Counter({
    name: "payments_reconciliation_checked_rows_total",
    help: "Rows, logs and slots that were looked at.",
    registers,
  });
  const failures = new Counter({
    name: "payments_reconciliation_failures_total",
    help: "Looks that could not be made, because a part was away.",
    registers,
  });
  for (const kind of kinds) mismatches.set({ kind }, 0);
  return {
    looked: (result) =>
      harmlessly(() => {
        for (const kind of kinds) mismatches.set({ kind }, result.mismatches[kind] ?? 0);
        lastSuccess.set(result.finishedAt.getTime() / 1_000);
        duration.set(result.durationSeconds);
        rows.inc(result.checkedRows);
      }),
    failed: () => harmlessly(() => failures.inc()),
  };
}

/** prom-client throws on a number that is none; that is the metric's trouble and nobody else's. */
function harmlessly(record: () => void): void {
  try {
    record();
  } catch {
    // Seen as a value that does not move.
  }
}
