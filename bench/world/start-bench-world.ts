import { startDemoWorld, type DemoWorld, type DemoWorldOptions } from "../../sandbox/demo/world.ts";
import type { RunContext } from "../question.ts";
import { watchBlocks, type BlockWatch } from "./watch-blocks.ts";

/** The sandbox with the service, the platforms and the auditor in it, and somebody who looks at the chain's clock. */
export interface BenchWorld extends AsyncDisposable {
  readonly world: DemoWorld;
  readonly blocks: BlockWatch;
  /** How late tasks were published, against the plan by which their time counts. */
  readonly publishedLateMs: readonly number[];
}

/** Starts a world for one run of one cell; nothing of an earlier run slows it down. */
export async function startBenchWorld(
  options: Omit<DemoWorldOptions, "signal" | "onParts" | "observer">,
  { signal, profiles }: RunContext,
): Promise<BenchWorld> {
  await using starting = new AsyncDisposableStack();
  const publishedLateMs: number[] = [];
  const observer = {
    published: ({ occurredAtMs }: { occurredAtMs: number }) =>
      void publishedLateMs.push(Date.now() - occurredAtMs),
    ended: () => undefined,
    serviceGone: () => undefined,
    serviceStarting: () => undefined,
    serviceBack: () => undefined,
  };
  const profiling = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
  const service = { ...options.service, nodeArguments: profiling };
  const world = starting.use(await startDemoWorld({ ...options, service, signal, observer }));
  const blocks = starting.use(await watchBlocks(world.sandbox.chain.wsUrl));
  const running = starting.move();
  return {
    world,
    blocks,
    publishedLateMs,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** When the last outcome so far reached its consumer. */
export function lastArrivalMs({ events }: Pick<DemoWorld, "events">): number {
  return events.outcomes.reduce((last, { arrivedAtMs }) => Math.max(last, arrivedAtMs), 0);
}
