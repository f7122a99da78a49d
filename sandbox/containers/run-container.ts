import { createInterface } from "node:readline";

import { getContainerRuntimeClient, type WaitStrategy } from "testcontainers";

import { awaitReady } from "../process/await-ready.ts";
import type { PartExit } from "../process/guard.ts";
import type { Restartable } from "../process/restartable.ts";
import { LocalContainer } from "./local-container.ts";

const LOG_LINES_MAX = 200;
/** An image may have to be pulled first. */
const START_TIMEOUT_MS = 5 * 60_000;
const STOP_TIMEOUT_MS = 10_000;

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The port inside; outside it is `hostPort` of 127.0.0.1, also after a restart. */
  readonly port: number;
  readonly hostPort: number;
  /** True once the part answers. It throws, or says false, before. */
  readonly answers: () => Promise<boolean>;
  readonly signal?: AbortSignal;
}

export interface RunningContainer extends Restartable {
  remove(): Promise<void>;
}

/** Starts one container and waits until its part answers; an error carries the part's name and its last lines. */
export async function runContainer(spec: ContainerSpec): Promise<RunningContainer> {
  spec.signal?.throwIfAborted();
  const lines: string[] = [];
  const container = new LocalContainer(spec.image)
    .withExposedPorts({ container: spec.port, host: spec.hostPort })
    .withEnvironment({ ...spec.env })
    .withStartupTimeout(START_TIMEOUT_MS)
    .withWaitStrategy(waitFor(spec))
    .withLogConsumer((stream) => {
      createInterface(stream).on("line", (line) => {
        if (lines.push(line) > LOG_LINES_MAX) lines.shift();
      });
    });
  if (spec.entrypoint !== undefined) container.withEntrypoint([...spec.entrypoint]);
  if (spec.command !== undefined) container.withCommand([...spec.command]);
  const started = await container.start().catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const head = `${spec.name} did not start from ${spec.image}: ${reason}`;
    throw new Error([head, ...lines.slice(-20)].join("\n  "), { cause });
  });
  const runtime = await getContainerRuntimeClient();
  const control = runtime.container.getById(started.getId());
  let { State: state } = await control.inspect();
  return {
    get pid() {
      return state.Pid;
    },
    async down(signal = "SIGTERM") {
      await control.kill({ signal });
      await control.wait();
    },
    async up() {
      await control.start();
      await untilAnswers(spec);
      ({ State: state } = await control.inspect());
    },
    async remove() {
      await started.stop({ timeout: STOP_TIMEOUT_MS, removeVolumes: true });
    },
  };
}

/** A container has no exit to watch here: one that died never answers, and its lines say why. */
async function untilAnswers(spec: ContainerSpec): Promise<void> {
  const never = new Promise<PartExit>(() => undefined);
  const { answers: probe, signal } = spec;
  await awaitReady(
    { ready: { probe }, timeoutMs: START_TIMEOUT_MS, ...(signal && { signal }) },
    { exited: never, listeners: new Set() },
  );
}

function waitFor(spec: ContainerSpec): WaitStrategy {
  const strategy: WaitStrategy = {
    waitUntilReady: () => untilAnswers(spec),
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => START_TIMEOUT_MS,
  };
  return strategy;
}
