import { stopAll, type Contender } from "../contest/contender.ts";
import { installPeers } from "../contest/install-peers.ts";
import { createOwnService } from "../contest/own-service.ts";
import { createPeer, createRestate } from "../contest/peers.ts";
import { playContest } from "../contest/play-contest.ts";
import { startContestWorld } from "../contest/world.ts";
import type { Question } from "../question.ts";

type PeerParams = { readonly contender: string };

/** Each with so many tasks at once as it pays in 5 to 20 s on two quiet cores. */
const OWN = createOwnService(30_000);
const CONTENDERS: readonly Contender[] = [
  OWN,
  createPeer({ name: "pg-boss", program: "pg-boss.ts", backlog: 20_000 }),
  createRestate({ name: "Restate", program: "restate.ts", backlog: 6_000 }),
  createPeer({ name: "DBOS Transact", program: "dbos.ts", backlog: 2_000 }),
  createPeer({
    name: "pg-transactional-outbox",
    program: "pg-transactional-outbox.ts",
    backlog: 1_500,
  }),
  createPeer({ name: "naive consumer", program: "naive.ts", backlog: 30 }),
];

/** The same job on what people would use instead. */
export const peers: Question<PeerParams> = {
  name: "peers",
  asks: "How does this service compare with the same job on DBOS Transact, pg-transactional-outbox, Restate, pg-boss, and a consumer without any of that?",
  notes: `Each reads the same topic, checks the same directory, orders from the same simulated provider (in the contender's process; it executes every half second),
writes its payment to the same Postgres and publishes \`payment.completed\`. One contender at a time, each in a world of its own.
[bench/peers/](../peers/README.md) says how each is written and tuned, and what is not equal. Paid/s: a backlog that arrives at once, to its last outcome.
CPU: the contender's processes, Postgres and Kafka, in that time. Latency: where the contender carries 1.25 times that rate. After kill -9 of all its
processes under load, and a start a second later: what was paid twice, what had no outcome within the time given, and when the last one came.`,
  cells: CONTENDERS.map(({ name }) => ({ label: name, params: { contender: name } })),
  columns: [
    { measure: "paymentsPerSecond", title: "paid/s" },
    { measure: "cpuUsPerPayment", title: "CPU per payment, µs" },
    { measure: "ownCpuUsPerPayment", title: "of it its own" },
    { measure: "at50P50Ms", title: "at 50/s: p50, ms" },
    { measure: "at50P99Ms", title: "p99, ms" },
    { measure: "at200P50Ms", title: "at 200/s: p50, ms" },
    { measure: "at200P99Ms", title: "p99, ms" },
    { measure: "killPaidTwice", title: "kill -9: paid twice" },
    { measure: "killWithoutOutcome", title: "without outcome" },
    { measure: "killLastAfterMs", title: "all ended after, ms" },
  ],
  targets: [
    { cell: OWN.name, measure: "killPaidTwice", comparison: "<=", value: 0 },
    { cell: OWN.name, measure: "killWithoutOutcome", comparison: "<=", value: 0 },
    ...[
      { timesOf: "DBOS Transact", value: 5 },
      { timesOf: "pg-transactional-outbox", value: 5 },
      { timesOf: "pg-boss", value: 5 },
      { timesOf: "Restate", value: 2 },
    ].map((than) => ({
      cell: OWN.name,
      measure: "paymentsPerSecond",
      comparison: ">=" as const,
      ...than,
    })),
  ],
  plots: [
    {
      id: "throughput",
      title: "Payments a second, a backlog at once",
      x: { param: "contender", title: "" },
      y: { title: "payments/s", isLog: true },
      series: [{ measure: "paymentsPerSecond", title: "paid/s" }],
      mark: "bar",
    },
    {
      id: "cpu",
      title: "CPU time of one payment",
      x: { param: "contender", title: "" },
      y: { title: "µs", isLog: true },
      series: [
        { measure: "ownCpuUsPerPayment", title: "its own processes" },
        { measure: "postgresCpuUsPerPayment", title: "Postgres" },
        { measure: "kafkaCpuUsPerPayment", title: "Kafka" },
      ],
      mark: "bar",
    },
  ],
  cellMaxMs: 150_000,
  async run({ params }, context) {
    const contender = CONTENDERS.find(({ name }) => name === params.contender);
    if (!contender) throw new TypeError(`nobody is called ${params.contender}`);
    await installPeers(context.say);
    await using world = await startContestWorld(context);
    await contender.prepare(world);
    const traffic = await world.connectPlatforms();
    const { signal, isQuick } = context;
    const stage = { world, traffic, contender, signal, isQuick };
    const running = { parts: await contender.start(world) };
    try {
      return await playContest(stage, running);
    } finally {
      await stopAll(running.parts);
    }
  },
};
