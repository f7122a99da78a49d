import type { Cell, Question } from "../question.ts";
import { measureSoak } from "../world/soak.ts";
import { createServiceBesideChain } from "../world/service-beside-chain.ts";
import { startSimulatedWorld } from "../world/start-simulated-world.ts";

type SoakParams = { readonly ratePerSecond: number };

/** About half of what these two processors carry with everything on them. */
const RATE_PER_SECOND = 200;
const LABEL = `arc ${RATE_PER_SECOND}/s`;
const CELLS: readonly Cell<SoakParams>[] = [
  { label: LABEL, params: { ratePerSecond: RATE_PER_SECOND } },
];
const MINUTES = 30;

/** Whether anything grows. */
export const soak: Question<SoakParams> = {
  name: "soak",
  asks: "Does anything grow while the service runs for half an hour at half load?",
  notes: `Arc with 0.5 s blocks, on a chain in a process of its own that does no more than it must (\`bench/rail\`): anvil goes through all of its state for every block and for every look at an
older one, so that what the service waits for it grows with every payment that there ever was. All else is as it is run.
The first two minutes are left out; *first* and *last* are the first and the last five minutes of what remains. Memory is the service's resident set, looked at every few seconds, the
median of each part; waiting is every task that was published and has no outcome yet, in whichever queue, the most of each part.`,
  cells: CELLS,
  columns: [
    { measure: "payments", title: "payments" },
    { measure: "p99FirstMs", title: "p99 first, ms" },
    { measure: "p99LastMs", title: "p99 last, ms" },
    { measure: "rssFirstMb", title: "memory first, MB" },
    { measure: "rssLastMb", title: "memory last, MB" },
    { measure: "waitingFirst", title: "waiting first" },
    { measure: "waitingLast", title: "waiting last" },
    { measure: "overThreeSeconds", title: "over 3 s" },
    { measure: "serviceRssMaxMb", title: "service at most, MB" },
  ],
  targets: [
    { cell: LABEL, measure: "p99Ratio", comparison: "<=", value: 1.1 },
    { cell: LABEL, measure: "rssRatio", comparison: "<=", value: 1.1 },
    { cell: LABEL, measure: "waitingRatio", comparison: "<=", value: 1.2 },
    { cell: LABEL, measure: "overThreeSeconds", comparison: "<=", value: 0 },
    { cell: LABEL, measure: "serviceRssMaxMb", comparison: "<", value: 300 },
  ],
  plots: [],
  runMaxMs: 36 * 60_000,
  cellMaxMs: 35 * 60_000,
  async run({ params: { ratePerSecond } }, context) {
    await using world = await startSimulatedWorld(context, { service: createServiceBesideChain() });
    const [warmUpMs, partMs, wholeMs] = context.isQuick
      ? [2_000, 4_000, 10_000]
      : [120_000, 300_000, MINUTES * 60_000];
    return await measureSoak(world, { ratePerSecond, warmUpMs, partMs, wholeMs }, context);
  },
};
