import { sql } from "slonik";
import type { Address } from "viem";
import { z } from "zod";
import { units } from "../support/acceptance.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { connectOperator, type Operator } from "./operator.ts";
import { connectPlatforms, type PlatformEvents, type TaskEvent } from "./platform-events.ts";
import type { RunningService } from "./running-service.ts";
import { watchTopics, type TopicWatch } from "./watch-topics.ts";
import { createWorld } from "./shared-world.ts";
import type { World, WorldOptions } from "./world.ts";

/** A world with one service in it and everybody around it. */
export interface WholeLine extends AsyncDisposable {
  readonly world: World;
  readonly service: RunningService;
  readonly platforms: PlatformEvents;
  readonly downstream: TopicWatch;
  readonly operator: Operator;
  /** A platform that pays from one of the treasuries, or from another wallet; answers which. */
  readonly openPlatform: (platform: {
    id: string;
    taskSource: "directory" | "event";
    wallet?: Address;
  }) => Promise<Address>;
  /** A worker whose wallet is its own. */
  readonly hire: (...workerIds: readonly string[]) => Promise<void>;
  /** One column of a query, as text. */
  readonly read: (query: ReturnType<typeof sql.fragment>) => Promise<readonly string[]>;
}

export interface LineOptions extends WorldOptions {
  /** Done before the service starts, for what it must find there. */
  readonly beforeStart?: (world: World) => Promise<void>;
}

export async function startLine(options: LineOptions): Promise<WholeLine> {
  await using starting = new AsyncDisposableStack();
  const world = starting.use(await createWorld(options));
  await options.beforeStart?.(world);
  const service = world.run(`only-${options.rail}`);
  await service.ready;
  const [platforms, downstream, operator] = await Promise.all([
    connectPlatforms(world),
    watchTopics(world),
    connectOperator(world),
  ]);
  for (const part of [platforms, downstream, operator]) starting.use(part);
  const running = starting.move();
  const { pool, treasuries } = world;
  let opened = 0;
  return {
    world,
    service,
    platforms,
    downstream,
    operator,
    async openPlatform({ id, taskSource, wallet }) {
      const payer = wallet ?? treasuries[opened++]?.address;
      if (payer === undefined) throw new Error("no treasury is left");
      await insertPlatform(pool, { id, taskSource, walletAddress: payer.toLowerCase() });
      return payer;
    },
    async hire(...workerIds) {
      for (const id of workerIds) await insertWorker(pool, { id });
    },
    async read(query) {
      return pool.anyFirst(sql.type(z.record(z.string(), z.string()))`${query}`);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A platform says that a task is done: 50 USDC gross unless told. */
export function taskDone(
  task: Pick<TaskEvent, "platformId" | "taskId" | "workerId"> & Partial<TaskEvent>,
): TaskEvent {
  return {
    eventId: `${task.taskId}-is-done`,
    amount: units(50),
    currency: "USDC",
    idempotencyKey: null,
    ...task,
  };
}
