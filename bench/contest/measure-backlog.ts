import { readProcesses, treeCpuMs } from "../measure/processes.ts";
import type { Measures } from "../question.ts";
import { lastArrivalMs } from "../world/bench-world.ts";
import { untilEnded } from "../world/until-ended.ts";
import type { Process } from "./contender.ts";
import type { Stage } from "./stage.ts";
import type { ContestWorld } from "./world.ts";

/** As fast as the platforms can. */
const AT_ONCE_PER_SECOND = 50_000;

/** A backlog that arrives at once, until the last of it has its outcome: payments a second, and CPU per payment. */
export async function measureBacklog(
  stage: Stage,
  parts: readonly Process[],
  { count, withinMs }: { readonly count: number; readonly withinMs: number },
): Promise<Measures> {
  const { world, traffic, signal } = stage;
  const before = await cpuMs(world, parts);
  const startedAtMs = Date.now();
  await traffic.publish(count, AT_ONCE_PER_SECOND, undefined, signal);
  await untilEnded(world, world.ledger.tasks.size, { withinMs, signal });
  const tookMs = lastArrivalMs(world) - startedAtMs;
  const after = await cpuMs(world, parts);
  const perPayment = (part: keyof typeof after) => ((after[part] - before[part]) * 1_000) / count;
  return {
    payments: count,
    paymentsPerSecond: (count * 1_000) / tookMs,
    ownCpuUsPerPayment: perPayment("own"),
    postgresCpuUsPerPayment: perPayment("postgres"),
    kafkaCpuUsPerPayment: perPayment("kafka"),
    cpuUsPerPayment: perPayment("own") + perPayment("postgres") + perPayment("kafka"),
  };
}

async function cpuMs({ pids }: ContestWorld, parts: readonly Process[]) {
  const table = await readProcesses();
  const own = parts.reduce((sum, { pid }) => sum + treeCpuMs(table, pid), 0);
  return { own, postgres: treeCpuMs(table, pids.postgres), kafka: treeCpuMs(table, pids.kafka) };
}
