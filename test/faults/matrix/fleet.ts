import { fileURLToPath } from "node:url";
import { collectArrivals, type Arrivals } from "../../e2e/arrivals.ts";
import { runService, type RunningService } from "../../e2e/running-service.ts";
import { readReport, writePlan, type FailpointReport, type PlanInput } from "../failpoint-plan.ts";

export const ARM = fileURLToPath(new URL("../arm-failpoints.ts", import.meta.url));
/** A service that ends this often is not recovering. */
const RESTARTS_MAX = 8;

type Settings = Readonly<Record<string, string>>;

export interface Instance {
  readonly name: string;
  readonly service: RunningService;
  /** SIGCONT, for one that its plan has stopped. */
  readonly resume: () => void;
}

/** What an instance did at a place, and when this process heard of it. */
export interface Act extends FailpointReport {
  readonly instance: string;
  readonly atMs: number;
}

export interface StartOptions {
  readonly plan?: PlanInput;
  readonly settings?: Settings;
  readonly nodeArguments?: readonly string[];
}

/** The services of a cell under a supervisor: one that ends without being told to is started again, unarmed. */
export interface Fleet extends AsyncDisposable {
  /** Starts an instance and answers at once. */
  start(name: string, options?: StartOptions): Instance;
  /** Those that are meant to be up. */
  readonly running: ReadonlyMap<string, Instance>;
  readonly acts: Arrivals<Act>;
  /** How often one had to be started again. */
  readonly restarts: () => number;
  /** Tells all of them to end, and answers what those said that did not end as told. Others may be started after. */
  stop(): Promise<readonly string[]>;
}

/** `onListening` hears at which port each service's API listens. */
export function createFleet(
  settings: Settings,
  logs: string,
  onListening: (port: number) => void = () => undefined,
): Fleet {
  const running = new Map<string, Instance>();
  const acts = collectArrivals<Act>();
  const ended: Promise<void>[] = [];
  let restarts = 0;
  let isStopping = false;

  function start(name: string, options: StartOptions = {}): Instance {
    isStopping = false;
    const { plan = [], nodeArguments = [] } = options;
    const service = runService(
      { ...settings, ...options.settings, ...writePlan(plan) },
      {
        instance: name,
        logPath: `${logs}/${name}.log`,
        nodeArguments: [...nodeArguments, "--import", ARM],
      },
    );
    service.log.onPush((line) => {
      if (line.msg === "the API is served") onListening(Number(line["port"]));
      const report = readReport(line);
      if (report) acts.push({ ...report, instance: name, atMs: Date.now() });
    });
    const instance = { name, service, resume: () => resumeAll(name) };
    running.set(name, instance);
    ended.push(service.ended.then(() => replace(name, options)));
    return instance;
  }

  function replace(name: string, { settings, nodeArguments }: StartOptions): void {
    running.delete(name);
    if (isStopping || restarts >= RESTARTS_MAX) return;
    restarts += 1;
    start(`${name}-again-${restarts}`, {
      ...(settings && { settings }),
      ...(nodeArguments && { nodeArguments }),
    });
  }

  function resumeAll(name?: string): void {
    for (const { action, pid, instance } of acts.items) {
      if (action !== "stop" || (name !== undefined && instance !== name)) continue;
      if (running.has(instance)) process.kill(pid, "SIGCONT");
    }
  }

  async function stop(): Promise<readonly string[]> {
    isStopping = true;
    resumeAll();
    const ends = await Promise.all(
      [...running.values()].map(async ({ name, service }) => {
        const end = await service.stop().catch((error: unknown) => ({ neverRan: String(error) }));
        return "code" in end && end.code === 0 ? [] : [`${name}: ${JSON.stringify(end)}`];
      }),
    );
    await Promise.all(ended);
    return ends.flat();
  }

  return {
    start,
    running,
    acts,
    restarts: () => restarts,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
