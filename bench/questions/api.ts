import { measureLatency } from "../../sandbox/audit/latency.ts";
import { freePort } from "../../sandbox/process/free-port.ts";
import type { PublishedTask } from "../../sandbox/traffic/ledger.ts";
import { durationMeasures } from "../measure/spread.ts";
import type { Audited, Cell, Question, RunContext } from "../question.ts";
import { openApi, type ApiAccess } from "../world/api-access.ts";
import { connectLiveClients } from "../world/live-clients.ts";
import { payOverHttp } from "../world/pay-over-http.ts";
import { startSandboxWorld, type SandboxWorld } from "../world/start-sandbox-world.ts";
import { stageMeasures } from "../world/steady-load.ts";
import { untilEnded } from "../world/until-ended.ts";

type RoadsCell = { readonly of: "roads"; readonly ratePerSecond: number };
type LiveCell = {
  readonly of: "live";
  readonly ratePerSecond: number;
  readonly clients: number;
  readonly hears: "one worker" | "everything";
};
type ApiParams = RoadsCell | LiveCell;

const ROADS = "HTTP beside Kafka";
const FILTERED = "500 clients of one worker each";
const UNFILTERED = "50 clients of everything";

const CELLS: readonly Cell<ApiParams>[] = [
  { label: ROADS, params: { of: "roads", ratePerSecond: 25 } },
  {
    label: FILTERED,
    params: { of: "live", ratePerSecond: 100, clients: 500, hears: "one worker" },
  },
  {
    label: UNFILTERED,
    params: { of: "live", ratePerSecond: 100, clients: 50, hears: "everything" },
  },
];

const DRAIN_WITHIN_MS = 20_000;
/** Of the world's directory. */
const WORKERS = 200;

/** What the HTTP API costs whoever pays by it, and what its listeners cost everybody. */
export const api: Question<ApiParams> = {
  name: "api",
  asks: "Is a payment over HTTP as fast as one over Kafka, and what do clients of live events cost?",
  notes: `On arc with 0.5 s blocks. *${ROADS}*: both roads at once, at the same rate; Kafka's time ends when \`payment.completed\` reaches a
consumer, that of \`POST /v1/payments\` with \`Prefer: wait=5\` when the whole answer is there. *Clients*: the same load without them, with
them, with them, without them, in one world; the ratio is that of the service's own p99. Clients and generator run on the same processors.`,
  cells: CELLS,
  columns: [
    { measure: "kafkaP50Ms", title: "Kafka p50, ms" },
    { measure: "httpP50Ms", title: "HTTP p50, ms" },
    { measure: "httpOverKafkaP50Ms", title: "HTTP over Kafka p50, ms" },
    { measure: "kafkaP99Ms", title: "Kafka p99, ms" },
    { measure: "httpP99Ms", title: "HTTP p99, ms" },
    { measure: "ownP99WithoutMs", title: "own p99 without clients, ms" },
    { measure: "ownP99WithMs", title: "own p99 with clients, ms" },
    { measure: "ownP99Ratio", title: "ratio" },
    { measure: "eventsHeardPerSecond", title: "events heard/s" },
  ],
  targets: [
    { cell: ROADS, measure: "httpOverKafkaP50Ms", comparison: "<=", value: 20 },
    { cell: ROADS, measure: "notTerminal", comparison: "<=", value: 0 },
    { cell: FILTERED, measure: "ownP99Ratio", comparison: "<=", value: 1.1 },
    { cell: FILTERED, measure: "clientsDropped", comparison: "<=", value: 0 },
  ],
  plots: [],
  cellMaxMs: 100_000,
  async run({ params }, context) {
    const settings = { HTTP_PORT: String(await freePort()) };
    await using world = await startSandboxWorld({ rail: "arc", settings }, context);
    return params.of === "roads"
      ? await compareRoads(world, params, context)
      : await measureListeners(world, params, context);
  },
};

async function compareRoads(
  world: SandboxWorld,
  { ratePerSecond }: RoadsCell,
  context: RunContext,
): Promise<Audited> {
  const { signal, isQuick } = context;
  const access = await openApi(world, "payments:write,payments:read");
  const both = async (seconds: number) => {
    const count = ratePerSecond * seconds;
    const [answers] = await Promise.all([
      payOverHttp(world, access, { count, ratePerSecond, signal }),
      world.traffic.publish(count, ratePerSecond, undefined, signal),
    ]);
    await untilEnded(world, world.ledger.tasks.size, { withinMs: DRAIN_WITHIN_MS, signal });
    return answers;
  };
  await both(isQuick ? 1 : 4);
  const warm = new Set(world.ledger.tasks.keys());
  const answers = await both(isQuick ? 3 : 30);
  const overHttp = new Set(answers.map(({ task }) => task.taskId));
  const isOverKafka = (task: PublishedTask) =>
    !warm.has(`${task.platformId}/${task.taskId}`) && !overHttp.has(task.taskId);
  const kafka = measureLatency(world.ledger.tasks, world.events.outcomes, isOverKafka).latencyMs;
  const http = durationMeasures(
    "http",
    answers.map(({ answeredAfterMs }) => answeredAfterMs),
  );
  return {
    measures: {
      kafkaP50Ms: kafka.p50,
      kafkaP99Ms: kafka.p99,
      ...http,
      httpOverKafkaP50Ms: (http["httpP50Ms"] ?? Number.NaN) - kafka.p50,
      notTerminal: answers.filter(({ isTerminal }) => !isTerminal).length,
    },
    audit: await world.audit(),
  };
}

async function measureListeners(
  world: SandboxWorld,
  { ratePerSecond, clients, hears }: LiveCell,
  context: RunContext,
): Promise<Audited> {
  const { signal, isQuick } = context;
  const access = await openApi(world, "payments:read");
  const load = async (seconds: number) => {
    const from = Date.now();
    await world.traffic.publish(ratePerSecond * seconds, ratePerSecond, undefined, signal);
    await untilEnded(world, world.ledger.tasks.size, { withinMs: DRAIN_WITHIN_MS, signal });
    return { from, to: Date.now() };
  };
  const seconds = isQuick ? 2 : 10;
  const queries = Array.from({ length: clients }, (_, index) =>
    hears === "everything" ? "" : `workerId=worker-${(index % WORKERS) + 1}`,
  );
  await load(isQuick ? 1 : 3);
  const without = [await load(seconds)];
  const beside = await besideClients(access, queries, () => load(2 * seconds));
  without.push(await load(seconds));
  const own = async (spans: readonly { readonly from: number; readonly to: number }[]) => {
    const isIn = ({ occurredAtMs: at }: PublishedTask) =>
      spans.some(({ from, to }) => at >= from && at <= to);
    return (await stageMeasures(world, isIn))["ownP99Ms"] ?? Number.NaN;
  };
  const [ownP99WithoutMs, ownP99WithMs] = [await own(without), await own([beside.answer])];
  return {
    measures: {
      ownP99WithoutMs,
      ownP99WithMs,
      ownP99Ratio: ownP99WithMs / ownP99WithoutMs,
      eventsHeardPerSecond: beside.events / (2 * seconds),
      clientsDropped: beside.ended,
    },
    audit: await world.audit(),
  };
}

async function besideClients<T>(
  access: ApiAccess,
  queries: readonly string[],
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly events: number; readonly ended: number }> {
  await using live = await connectLiveClients(access, queries);
  return { answer: await work(), ...live.heard() };
}
