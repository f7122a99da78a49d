import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CellResult, CellSpec } from "./cell-spec.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
const QUIET = "--disable-warning=TimeoutNegativeWarning";
const READY_WITHIN_MS = 180_000;
/** No cell may take longer; its worker is then worth nothing and replaced. */
const CELL_MAX_MS = 240_000;

/**
 * Plays the cells on so many workers at once, each a process with a sandbox of its own, and hands each result on as it
 * comes. A worker that dies or hangs fails its cell, and only that. No cell is begun after `minutesMax`.
 */
export async function playAll(
  cells: readonly CellSpec[],
  { workers, minutesMax }: { readonly workers: number; readonly minutesMax: number },
  onResult: (result: CellResult) => void,
): Promise<void> {
  const queue = [...cells];
  const untilMs = Date.now() + minutesMax * 60_000;
  const next = () => (Date.now() < untilMs ? queue.shift() : undefined);
  await Promise.all(Array.from({ length: Math.min(workers, cells.length) }, () => work()));

  async function work(): Promise<void> {
    let child: ChildProcess | undefined;
    for (let cell = next(); cell; cell = next()) {
      child ??= await startWorker();
      const result = await play(child, cell);
      onResult(result.answer);
      // What has failed may have left its parts broken, and those after it would fail for that.
      if (result.isLost) child.kill("SIGKILL");
      else if (result.answer.outcome === "failed") await dismiss(child);
      else continue;
      child = undefined;
    }
    if (child) await dismiss(child);
  }
}

async function dismiss(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}

async function startWorker(): Promise<ChildProcess> {
  const child = fork(WORKER, [], {
    execArgv: [QUIET],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error("a worker could not start its sandbox");
  });
  ended.catch(() => undefined);
  const ready = once(child, "message", { signal: AbortSignal.timeout(READY_WITHIN_MS) });
  await Promise.race([ready, ended]);
  return child;
}

async function play(
  child: ChildProcess,
  { name, kind, rail }: CellSpec,
): Promise<{ answer: CellResult; isLost: boolean }> {
  const startedAtMs = Date.now();
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(CELL_MAX_MS)]);
  const answered = once(child, "message", { signal });
  const ended = once(child, "exit", { signal });
  child.send(name);
  try {
    const [answer] = (await Promise.race([
      answered,
      ended.then(([code]) => failed(`its worker ended: ${code}`)),
    ])) as [CellResult];
    return { answer, isLost: child.exitCode !== null || child.signalCode !== null };
  } catch {
    return { answer: failed(`not done within ${CELL_MAX_MS} ms`)[0], isLost: true };
  } finally {
    done.abort();
    for (const one of [answered, ended]) one.catch(() => undefined);
  }

  function failed(error: string): [CellResult] {
    const durationMs = Date.now() - startedAtMs;
    return [{ name, kind, rail, outcome: "failed", durationMs, error }];
  }
}
