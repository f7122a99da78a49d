import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readEvents, type EventReader, type OutcomeEvent } from "../audit/read-events.ts";
import { readTransfers, type Transfer } from "../audit/read-transfers.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../sandbox.ts";
import type { Rail } from "../service-settings.ts";
import { seedDirectory } from "../traffic/directory.ts";
import { createLedger, type Ledger, type PublishedTask } from "../traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../traffic/publish-tasks.ts";
import { migrateService, startService, type Service, type ServiceOptions } from "./service.ts";

/** 2.5 %, so that amount, fee and net differ and a mix-up shows. */
const FEE_PERCENTAGE = "2.5";
const FEE_RATE = 25_000n;

export const TOPICS = {
  tasks: "task.completed",
  outcomes: {
    completed: "payment.completed",
    failed: "payment.failed",
    deadLetters: "task.completed.dlq",
  },
};

/** Where the service's own log of the last demo is, for whoever wants to look behind the story. */
async function serviceLogPath(): Promise<string> {
  const directory = fileURLToPath(new URL("../../.sandbox/", import.meta.url));
  await mkdir(directory, { recursive: true });
  return `${directory}demo-service.log`;
}

/** Is told what happens in the world, as it happens. */
export interface WorldObserver {
  published(task: PublishedTask): void;
  ended(outcome: OutcomeEvent): void;
  serviceGone(atMs: number): void;
  serviceStarting(): void;
  serviceBack(atMs: number): void;
}

/** The sandbox with the service, the platforms and the auditor in it. */
export interface DemoWorld extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly settings: Readonly<Record<string, string>>;
  readonly ledger: Ledger;
  readonly traffic: Traffic;
  readonly events: EventReader;
  /** The platforms' wallets. */
  readonly payers: readonly string[];
  /** The service's own process; the last one's while it is away. */
  readonly servicePid: number;
  readTransfers(): Promise<Transfer[]>;
  killService(): Promise<void>;
  /** Answers the new process' id. */
  restartService(): Promise<number>;
}

export interface DemoWorldOptions {
  readonly rail: Rail;
  readonly signal?: AbortSignal;
  /** Told as soon as the parts are there. */
  readonly onParts?: (sandbox: Sandbox) => void;
  readonly observer?: WorldObserver;
  /** What differs from the usual parts and wallets. */
  readonly sandbox?: Omit<SandboxOptions, "signal">;
  /** Of the service, over the sandbox's own. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly service?: Omit<ServiceOptions, "onLine">;
}

/** Starts everything and resolves when the first task could be paid. */
export async function startDemoWorld(options: DemoWorldOptions): Promise<DemoWorld> {
  const { rail, signal, observer } = options;
  await using starting = new AsyncDisposableStack();
  const sandbox = starting.use(
    await startSandbox({ ...options.sandbox, ...(signal && { signal }) }),
  );
  options.onParts?.(sandbox);
  const settings = {
    ...sandbox.settings(rail),
    PAYMENT_FEE_PERCENTAGE: FEE_PERCENTAGE,
    LOG_LEVEL: "info",
    ...options.settings,
  };
  await migrateService(settings);
  const payers = sandbox.treasuries.map(({ address }) => address);
  const directory = await seedDirectory(sandbox.databaseUrl, payers);
  const service = await keepService(settings, options);
  starting.defer(() => service.stop());
  const ledger = createLedger((task) => observer?.published(task));
  const brokers = sandbox.kafka.brokers;
  const events = await readEvents(brokers, TOPICS.outcomes, (outcome) => observer?.ended(outcome));
  starting.defer(() => events.stop());
  const traffic = await connectTraffic({
    brokers,
    registryUrl: sandbox.registry.url,
    topic: TOPICS.tasks,
    directory,
    ledger,
    feeRate: FEE_RATE,
  });
  starting.defer(() => traffic.stop());
  const running = starting.move();
  return {
    sandbox,
    settings,
    ledger,
    traffic,
    events,
    payers,
    get servicePid() {
      return service.pid;
    },
    readTransfers: () =>
      readTransfers(sandbox.chain.rpcUrl, Object.values(sandbox.chain.tokens), payers),
    killService: () => service.kill(),
    restartService: () => service.restart(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface KeptService extends Pick<Service, "pid" | "kill" | "stop"> {
  /** Answers the new process' id. */
  restart(): Promise<number>;
}

/** Runs the service, and runs it again when it is told to. */
async function keepService(
  settings: Readonly<Record<string, string>>,
  { service: options, observer }: DemoWorldOptions,
): Promise<KeptService> {
  const log = createWriteStream(await serviceLogPath());
  const onLine = (line: string) => void log.write(`${line}\n`);
  const run = async () => {
    const service = await startService(settings, { ...options, onLine });
    // However it ends: what the observer is told is the process's end, not what was meant.
    void service.exited.then(() => observer?.serviceGone(Date.now()));
    return service;
  };
  let service = await run();
  return {
    get pid() {
      return service.pid;
    },
    kill: () => service.kill(),
    async stop() {
      await service.stop();
      log.end();
    },
    async restart() {
      observer?.serviceStarting();
      service = await run();
      observer?.serviceBack(Date.now());
      return service.pid;
    },
  };
}
