import type { Cell, Question } from "../question.ts";
import { startWorldOn, type BenchRail } from "../world/start-world-on.ts";
import { measureSteadyLoad } from "../world/steady-load.ts";

type LatencyParams = { readonly rail: BenchRail; readonly ratePerSecond: number };

const labelOf = (rail: BenchRail, ratePerSecond: number) => `${rail} ${ratePerSecond}/s`;

const RATES = {
  arc: [50, 200, 500, 1_000],
  circle: [50, 200, 500, 1_000],
  simulated: [1_000],
} as const satisfies Record<BenchRail, readonly number[]>;

const CELLS: readonly Cell<LatencyParams>[] = (["arc", "circle", "simulated"] as const).flatMap(
  (rail) =>
    RATES[rail].map((ratePerSecond) => ({
      label: labelOf(rail, ratePerSecond),
      params: { rail, ratePerSecond },
    })),
);

/** From here on what waits by the time that a new process is warm takes up to eight seconds more to be paid. */
const FAST_PER_SECOND = 1_000;

const STAGES = [
  ["ingestWait", "wait in Kafka"],
  ["accept", "accept"],
  ["dispatchWait", "wait for dispatch"],
  ["submit", "submit"],
  ["chain", "chain"],
  ["follow", "follow"],
  ["settle", "settle"],
  ["relay", "relay"],
] as const;

/** How long a payment takes, where the time goes, and how much of it is ours. */
export const latency: Question<LatencyParams> = {
  name: "latency",
  asks: "How long does a payment take from its task's completion to `payment.completed`, and how much of that is the service's own?",
  notes: `End to end: from the time at which the task was to be done to the event's arrival at a consumer. Provider: from when Circle, or
the node, had the send until its block could be read. Limiter: what Circle's 5 POSTs a second held back. Own: all the rest, to Kafka's
acknowledgement. Circle takes 0.5 to 1.5 s to send, within 5 POSTs and 20 GETs a second; blocks come every 0.5 s on both rails.
The simulated rail is a chain in the service's own process that pays every 0.5 s: its memory is the service's there.
Where more is offered than a rail can carry, what waits is in the numbers.`,
  cells: CELLS,
  columns: [
    { measure: "endToEndP50Ms", title: "end to end p50, ms" },
    { measure: "endToEndP99Ms", title: "p99, ms" },
    { measure: "endToEndMaxMs", title: "max, ms" },
    { measure: "ownP50Ms", title: "own p50, ms" },
    { measure: "ownP99Ms", title: "own p99, ms" },
    { measure: "providerP50Ms", title: "provider p50, ms" },
    { measure: "providerP99Ms", title: "provider p99, ms" },
    { measure: "limiterP50Ms", title: "limiter p50, ms" },
    { measure: "overProviderP99Ms", title: "end to end p99 over provider p99, ms" },
    { measure: "paymentsPerSecond", title: "paid/s" },
    { measure: "serviceRssMaxMb", title: "service, MB" },
  ],
  targets: [
    { cell: labelOf("arc", 200), measure: "ownP50Ms", comparison: "<=", value: 25 },
    { cell: labelOf("arc", 200), measure: "ownP99Ms", comparison: "<=", value: 60 },
    { cell: labelOf("circle", 50), measure: "overProviderP99Ms", comparison: "<=", value: 250 },
    { cell: labelOf("circle", 50), measure: "endToEndP99Ms", comparison: "<", value: 3_000 },
    { cell: labelOf("circle", 50), measure: "endToEndMaxMs", comparison: "<", value: 3_000 },
    { cell: labelOf("simulated", 1_000), measure: "ownP50Ms", comparison: "<=", value: 45 },
    { cell: labelOf("simulated", 1_000), measure: "ownP99Ms", comparison: "<=", value: 100 },
    ...(["arc", "circle"] as const).map((rail) => ({
      cell: labelOf(rail, 1_000),
      measure: "serviceRssMaxMb",
      comparison: "<" as const,
      value: 300,
    })),
  ],
  plots: [
    {
      id: "end-to-end",
      title: "End to end, and what of it is the service's own",
      x: { param: "ratePerSecond", title: "tasks per second" },
      y: { title: "ms", isLog: true },
      facet: "rail",
      mark: "line",
      series: [
        { measure: "endToEndP50Ms", title: "end to end p50" },
        { measure: "endToEndP99Ms", title: "end to end p99" },
        { measure: "ownP50Ms", title: "own p50" },
        { measure: "ownP99Ms", title: "own p99" },
      ],
    },
    {
      id: "stages",
      title: "The 99th percentile of each stage, by the service's own clock",
      x: { param: "ratePerSecond", title: "tasks per second" },
      y: { title: "ms" },
      facet: "rail",
      mark: "bar",
      series: STAGES.map(([stage, title]) => ({ measure: `${stage}P99Ms`, title })),
    },
  ],
  cellMaxMs: 75_000,
  async run({ params: { rail, ratePerSecond } }, context) {
    await using world = await startWorldOn(rail, {}, context);
    const load = context.isQuick
      ? { warmUpMs: 1_000, measuredMs: 2_000 }
      : { warmUpMs: ratePerSecond < FAST_PER_SECOND ? 3_000 : 10_000, measuredMs: 7_000 };
    return await measureSteadyLoad(world, { ratePerSecond, ...load }, context);
  },
};
