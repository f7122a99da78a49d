import type { Cell, Question } from "../question.ts";
import { measureInstances } from "../world/instances.ts";
import { startSandboxWorld } from "../world/start-sandbox-world.ts";

type ScaleParams = { readonly instances: number };

const CELLS: readonly Cell<ScaleParams>[] = [1, 2, 3].map((instances) => ({
  label: instances === 1 ? "1 instance" : `${instances} instances`,
  params: { instances },
}));

const PAYMENTS = 15_000;
const QUICK_PAYMENTS = 1_000;

/** What more instances bring on one machine, and what they cost. */
export const scale: Question<ScaleParams> = {
  name: "scale",
  asks: "What do more instances bring on this machine, and what does a payment cost with them?",
  notes: `A backlog on arc without a limit of gas, published while nobody serves, then so many instances start at once; three operator wallets, whose leases the
instances share. All instances have the same two processors as Postgres, Kafka and the chain: what is shown is the cost of sharing, not what
more machines bring. [docs/scale.md](../../docs/scale.md) says how it goes on beyond one machine.`,
  cells: CELLS,
  columns: [
    { measure: "paymentsPerSecond", title: "paid/s" },
    { measure: "instancesCpuUsPerPayment", title: "all instances, µs CPU each" },
    { measure: "postgresCpuUsPerPayment", title: "Postgres, µs" },
    { measure: "kafkaCpuUsPerPayment", title: "Kafka, µs" },
    { measure: "anvilCpuUsPerPayment", title: "anvil, µs" },
    { measure: "generatorCpuUsPerPayment", title: "generator and auditor, µs" },
    { measure: "busyProcessors", title: "processors busy" },
    { measure: "instanceRssMaxMb", title: "largest instance, MB" },
  ],
  targets: CELLS.map(({ label }) => ({
    cell: label,
    measure: "instanceRssMaxMb",
    comparison: "<" as const,
    value: 300,
  })),
  plots: [
    {
      id: "cost",
      title: "CPU time per payment",
      x: { param: "instances", title: "instances" },
      y: { title: "µs" },
      mark: "bar",
      series: [
        { measure: "instancesCpuUsPerPayment", title: "instances" },
        { measure: "postgresCpuUsPerPayment", title: "Postgres" },
        { measure: "kafkaCpuUsPerPayment", title: "Kafka" },
        { measure: "anvilCpuUsPerPayment", title: "anvil" },
      ],
    },
  ],
  cellMaxMs: 75_000,
  async run({ params: { instances } }, context) {
    const sandbox = { blockGasLimit: 1_000_000_000, arcOperators: 3 };
    await using world = await startSandboxWorld({ rail: "arc", sandbox }, context);
    const payments = context.isQuick ? QUICK_PAYMENTS : PAYMENTS;
    return await measureInstances(world, { instances, payments }, context);
  },
};
