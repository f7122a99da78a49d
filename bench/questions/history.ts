import { makePast } from "../history/make-past.ts";
import { measureHistory } from "../history/measure-history.ts";
import type { Past } from "../history/past.ts";
import type { Cell, Question } from "../question.ts";
import { startSimulatedWorld } from "../world/start-simulated-world.ts";

type HistoryParams = { readonly oldPayments: number };

const EMPTY = "empty database";
const OLD = "10 million old payments";
const CELLS: readonly Cell<HistoryParams>[] = [
  { label: EMPTY, params: { oldPayments: 0 } },
  { label: OLD, params: { oldPayments: 10_000_000 } },
];
const QUICK_OLD_PAYMENTS = 20_000;

const FULL = { payments: 50_000, withinMs: 60_000, forMs: 65_000 };
const QUICK = { payments: 1_000, withinMs: 60_000, forMs: 2_000 };
const RATE_PER_SECOND = 200;

/** Whether the service is slower in its second year. */
export const history: Question<HistoryParams, Required<Past>> = {
  name: "history",
  asks: "What do ten million old payments cost the new ones?",
  notes: `The simulated rail, a chain in the service's own process that pays every 0.5 s, so that nothing but Postgres can tell the cells apart: same
settings, same load, a chain of the same age. The old payments are ninety days of a whole life (tasks, payments, events seen, sends, logs, outcomes, audit,
reputation), one of a hundred rejected, loaded by \`INSERT … SELECT\`, indexes afterwards, then \`VACUUM (ANALYZE)\` in autovacuum's place; \`gigpay prune\` has
dropped the bytes that are older than seven days. About 35 GB, made before the first round, removed after the last; the rounds pay into it one
after the other, a minute apart, and what one of them left open ends those behind it. All its indexes are read before a round (\`pg_prewarm\`), since they are in the
memory of a server that has run for long. The metrics' sampler and the minute's verification run, and a run in which verification did not look or
found anything is no result. First a backlog, then 200 a second for 65 s. A disk that others keep busy takes more from the loaded database: how long
everything waited for it is beside what was paid.`,
  cells: CELLS,
  columns: [
    { measure: "payments", title: "backlog" },
    { measure: "paymentsPerSecond", title: "paid/s" },
    { measure: "at200P50Ms", title: "p50 at 200/s, ms" },
    { measure: "at200P99Ms", title: "p99 at 200/s, ms" },
    { measure: "serviceCpuUsPerPayment", title: "service, µs CPU each" },
    { measure: "postgresCpuUsPerPayment", title: "Postgres, µs" },
    { measure: "kafkaCpuUsPerPayment", title: "Kafka, µs" },
    { measure: "walKbPerPayment", title: "written ahead, kB each" },
    { measure: "diskStallPercent", title: "all waited for the disk, %" },
    { measure: "serviceRssMaxMb", title: "service, MB" },
  ],
  targets: [
    { cell: OLD, measure: "paymentsPerSecond", comparison: ">=", value: 0.9, timesOf: EMPTY },
    { cell: OLD, measure: "at200P99Ms", comparison: "<", value: 3_000 },
  ],
  plots: [],
  runMaxMs: 30 * 60_000,
  cellMaxMs: 280_000,
  prepare: (context) =>
    makePast(context.isQuick ? QUICK_OLD_PAYMENTS : Math.max(...oldPayments()), context),
  async run({ params }, context, { chainBeganAtMs, databaseDirectory }) {
    const past = { chainBeganAtMs, ...(params.oldPayments > 0 && { databaseDirectory }) };
    await using world = await startSimulatedWorld(context, { past });
    const { payments, withinMs, forMs } = context.isQuick ? QUICK : FULL;
    const load = { backlog: { payments, withinMs }, perSecond: RATE_PER_SECOND, forMs };
    return await measureHistory(world, load, context);
  },
};

function oldPayments(): number[] {
  return CELLS.map(({ params }) => params.oldPayments);
}
