import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bySocket, startThrowawayPostgres } from "./throwaway-postgres.ts";
import type { Plan } from "./plan.ts";
import { createClone, createTemplate } from "./sim-database.ts";
import { unjudged, type Order, type Report } from "./worker-protocol.ts";

/** Processes that run schedules, each on its own clone of a migrated database on one real Postgres. */
export interface Workers extends AsyncDisposable {
  readonly count: number;
  /** Runs a schedule on the next free worker. One that hangs is a violation of its own, and ends its worker. */
  run(plan: Plan, options?: RunOptions): Promise<Report>;
}

interface RunOptions {
  readonly isTold?: boolean;
  readonly hangsAfterMs?: number;
}

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** A schedule takes a fraction of a second; one that takes this long never ends. */
const HANGS_AFTER_MS = 60_000;

export async function startWorkers(count: number): Promise<Workers> {
  const postgres = await startThrowawayPostgres();
  const all: ChildProcess[] = [];
  const free: ChildProcess[] = [];
  const waiting: ((worker: ChildProcess) => void)[] = [];
  let made = 0;
  const stop = async () => {
    for (const worker of all) worker.kill("SIGKILL");
    await postgres.stop();
  };
  try {
    await createTemplate(postgres);
    await Promise.all(Array.from({ length: count }, startOne));
  } catch (error) {
    await stop();
    throw error;
  }
  return { count, run, [Symbol.asyncDispose]: stop };

  async function startOne(): Promise<void> {
    const url = await createClone(await bySocket(postgres.url), `worker_${(made += 1)}`);
    const worker = fork(WORKER, [url], {
      execArgv: ["--max-semi-space-size=64", "--disable-warning=TimeoutNegativeWarning"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    all.push(worker);
    await once(worker, "message");
    release(worker);
  }

  function release(worker: ChildProcess): void {
    const next = waiting.shift();
    if (next) next(worker);
    else free.push(worker);
  }

  async function take(): Promise<ChildProcess> {
    return free.pop() ?? new Promise<ChildProcess>((resolve) => waiting.push(resolve));
  }

  async function run(
    plan: Plan,
    { isTold = false, hangsAfterMs = HANGS_AFTER_MS }: RunOptions = {},
  ): Promise<Report> {
    const worker = await take();
    const { seed, steps, breaks } = plan;
    const ended = new AbortController();
    const onExit = () => ended.abort();
    worker.once("exit", onExit);
    worker.send({ seed, steps, breaks: [...breaks], isTold } satisfies Order);
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(hangsAfterMs)]);
    try {
      const [report] = (await once(worker, "message", { signal })) as [Report];
      worker.off("exit", onExit);
      release(worker);
      return report;
    } catch {
      const violation = ended.signal.aborted
        ? "ended: the schedule took its worker with it"
        : `hang: not over after ${hangsAfterMs} ms`;
      worker.kill("SIGKILL");
      await startOne();
      return { result: unjudged(seed, violation), story: [] };
    }
  }
}
