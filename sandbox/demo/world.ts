import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readEvents, type EventReader, type OutcomeEvent } from "../audit/read-events.ts";
import { readTransfers, type Transfer } from "../audit/read-transfers.ts";
import { startSandbox, type Sandbox } from "../sandbox.ts";
import type { Rail } from "../service-settings.ts";
import { seedDirectory } from "../traffic/directory.ts";
import { createLedger, type Ledger, type PublishedTask } from "../traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../traffic/publish-tasks.ts";
import { migrateService, startService, type Service } from "./service.ts";

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
  readTransfers(): Promise<Transfer[]>;
  killService(): Promise<void>;
  /** Answers the new process' id. */
  restartService(): Promise<number>;
}

/** Starts everything and resolves when the first task could be paid. */
export async function startDemoWorld(
  rail: Rail,
  signal: AbortSignal,
  onParts: (sandbox: Sandbox) => void,
  observer?: WorldObserver,
): Promise<DemoWorld> {
  await using starting = new AsyncDisposableStack();
  const sandbox = starting.use(await startSandbox({ signal }));
  onParts(sandbox);
  const settings = {
    ...sandbox.settings(rail),
    PAYMENT_FEE_PERCENTAGE: FEE_PERCENTAGE,
    LOG_LEVEL: "info",
  };
  await migrateService(settings);
  const payers = sandbox.treasuries.map(({ address }) => address);
  const directory = await seedDirectory(sandbox.databaseUrl, payers);
  const serviceLog = createWriteStream(await serviceLogPath());
  starting.defer(() => void serviceLog.end());
  const onLine = (line: string) => void serviceLog.write(`${line}\n`);
  const run = async () => {
    const service = await startService(settings, { onLine });
    // However it ends: what the observer is told is the process's end, not what was meant.
    void service.exited.then(() => observer?.serviceGone(Date.now()));
    return service;
  };
  let service: Service = await run();
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
    readTransfers: () =>
      readTransfers(sandbox.chain.rpcUrl, Object.values(sandbox.chain.tokens), payers),
    killService: () => service.kill(),
    async restartService() {
      observer?.serviceStarting();
      service = await run();
      observer?.serviceBack(Date.now());
      return service.pid;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
