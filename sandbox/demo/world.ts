import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readEvents, type EventReader } from "../audit/read-events.ts";
import { readTransfers, type Transfer } from "../audit/read-transfers.ts";
import { startSandbox, type Sandbox } from "../sandbox.ts";
import type { Rail } from "../service-settings.ts";
import { seedDirectory } from "../traffic/directory.ts";
import { createLedger, type Ledger } from "../traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../traffic/publish-tasks.ts";
import { migrateService, startService, type Service } from "./service.ts";

/** 2.5 %, so that amount, fee and net differ and a mix-up shows. */
const FEE_PERCENTAGE = "2.5";
const FEE_RATE = 25_000n;

const TOPICS = {
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

/** The sandbox with the service, the platforms and the auditor in it. */
export interface DemoWorld extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly settings: Readonly<Record<string, string>>;
  readonly ledger: Ledger;
  readonly traffic: Traffic;
  readonly events: EventReader;
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
  let service: Service = await startService(settings, { onLine });
  starting.defer(() => service.stop());
  const ledger = createLedger();
  const brokers = sandbox.kafka.brokers;
  const events = await readEvents(brokers, TOPICS.outcomes);
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
    readTransfers: () =>
      readTransfers(sandbox.chain.rpcUrl, Object.values(sandbox.chain.tokens), payers),
    killService: () => service.kill(),
    async restartService() {
      service = await startService(settings, { onLine });
      return service.pid;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
