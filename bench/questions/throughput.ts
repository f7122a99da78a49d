import type { Audited, Cell, Question, RunContext } from "../question.ts";
import { measureBacklog } from "../world/backlog.ts";
import { startWorldOn, type BenchRail } from "../world/start-world-on.ts";
import { measureSteadyLoad } from "../world/steady-load.ts";

type BacklogCell = {
  readonly load: "backlog";
  readonly rail: BenchRail;
  readonly payments: number;
  /** Of a block every half second; absent: as the sandbox's chain has it. */
  readonly blockGasLimit?: number;
};
type SteadyCell = {
  readonly load: "steady";
  readonly rail: BenchRail;
  readonly ratePerSecond: number;
  readonly platforms: number;
};
type ThroughputParams = BacklogCell | SteadyCell;

const SIMULATED = "simulated, in process";
const ARC_UNCAPPED = "arc, gas without limit";
const ARC_20M = "arc, 20M gas/s";
const CIRCLE_BACKLOG = "circle, 5 POST/s";
const CIRCLE_STEADY = "circle, 200/s of 100 platforms";

const CELLS: readonly Cell<ThroughputParams>[] = [
  { label: SIMULATED, params: { load: "backlog", rail: "simulated", payments: 50_000 } },
  {
    label: ARC_UNCAPPED,
    params: { load: "backlog", rail: "arc", payments: 50_000, blockGasLimit: 1_000_000_000 },
  },
  {
    label: ARC_20M,
    params: { load: "backlog", rail: "arc", payments: 10_000, blockGasLimit: 10_000_000 },
  },
  { label: CIRCLE_BACKLOG, params: { load: "backlog", rail: "circle", payments: 10_000 } },
  {
    label: CIRCLE_STEADY,
    params: { load: "steady", rail: "circle", ratePerSecond: 200, platforms: 100 },
  },
];

const QUICK_PAYMENTS = 1_000;
const DRAIN_WITHIN_MS = 75_000;

/** How many payments a second the line can carry, rail by rail. */
export const throughput: Question<ThroughputParams> = {
  name: "throughput",
  asks: "How many payments a second does one service carry when a backlog waits for it?",
  notes: `A backlog is published while the service is away; the time counts from when the service is ready to the arrival of the last
\`payment.completed\`. The simulated rail is a chain in the service's own process that pays every 0.5 s. 50,000 payments where they fit into the time, 10,000 where gas or Circle's limit allows a few hundred a
second. How much of the chain's room the line fills is the share of gas that was used, between the first block with payments and the
last.`,
  cells: CELLS,
  columns: [
    { measure: "payments", title: "payments" },
    { measure: "paymentsPerSecond", title: "paid/s" },
    { measure: "gasPerPayment", title: "gas per payment" },
    { measure: "gasUsedPercent", title: "of the blocks' gas, %" },
    { measure: "endToEndP99Ms", title: "end to end p99, ms" },
    { measure: "serviceCpuUsPerPayment", title: "service, µs CPU each" },
    { measure: "postgresCpuUsPerPayment", title: "Postgres, µs" },
    { measure: "kafkaCpuUsPerPayment", title: "Kafka, µs" },
    { measure: "anvilCpuUsPerPayment", title: "anvil, µs" },
    { measure: "generatorCpuUsPerPayment", title: "generator and auditor, µs" },
    { measure: "serviceRssMaxMb", title: "service, MB" },
  ],
  targets: [
    { cell: SIMULATED, measure: "paymentsPerSecond", comparison: ">=", value: 3_000 },
    { cell: ARC_UNCAPPED, measure: "paymentsPerSecond", comparison: ">=", value: 1_200 },
    { cell: ARC_20M, measure: "gasUsedPercent", comparison: ">=", value: 95 },
    { cell: CIRCLE_BACKLOG, measure: "paymentsPerSecond", comparison: ">=", value: 250 },
    { cell: CIRCLE_STEADY, measure: "endToEndP99Ms", comparison: "<", value: 3_000 },
    // In the simulated rail's process is the chain as well.
    ...CELLS.filter(({ label }) => label !== SIMULATED).map(({ label }) => ({
      cell: label,
      measure: "serviceRssMaxMb",
      comparison: "<" as const,
      value: 300,
    })),
  ],
  plots: [
    {
      id: "paid",
      title: "Payments a second",
      x: { param: "label", title: "" },
      y: { title: "paid/s" },
      mark: "bar",
      series: [{ measure: "paymentsPerSecond", title: "paid/s" }],
    },
    {
      id: "cpu",
      title: "CPU time of each part per payment",
      x: { param: "label", title: "" },
      y: { title: "µs" },
      mark: "bar",
      series: [
        { measure: "serviceCpuUsPerPayment", title: "service" },
        { measure: "postgresCpuUsPerPayment", title: "Postgres" },
        { measure: "kafkaCpuUsPerPayment", title: "Kafka" },
        { measure: "anvilCpuUsPerPayment", title: "anvil" },
        { measure: "circleCpuUsPerPayment", title: "Circle's emulator" },
        { measure: "generatorCpuUsPerPayment", title: "generator and auditor" },
      ],
    },
  ],
  cellMaxMs: 100_000,
  run: ({ params }, context) =>
    params.load === "backlog" ? runBacklog(params, context) : runSteady(params, context),
};

async function runBacklog(
  { rail, payments, blockGasLimit }: BacklogCell,
  context: RunContext,
): Promise<Audited> {
  const sandbox = blockGasLimit === undefined ? {} : { blockGasLimit };
  await using world = await startWorldOn(rail, sandbox, context);
  const backlog = {
    payments: context.isQuick ? QUICK_PAYMENTS : payments,
    withinMs: DRAIN_WITHIN_MS,
  };
  return await measureBacklog(world, backlog, context);
}

async function runSteady(
  { rail, ratePerSecond, platforms }: SteadyCell,
  context: RunContext,
): Promise<Audited> {
  await using world = await startWorldOn(rail, { treasuries: platforms }, context);
  const [warmUpMs, measuredMs] = context.isQuick ? [1_000, 2_000] : [3_000, 8_000];
  return await measureSteadyLoad(world, { ratePerSecond, warmUpMs, measuredMs }, context);
}
