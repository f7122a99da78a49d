import { openLoop } from "../../sandbox/traffic/open-loop.ts";
import type { DemoWorld } from "../../sandbox/demo/world.ts";
import type { PublishedTask } from "../../sandbox/traffic/ledger.ts";
import type { ApiAccess } from "./api-access.ts";

/** What a caller of `POST /v1/payments` saw. */
export interface AnsweredTask {
  readonly task: PublishedTask;
  /** From when the task was to be done to the whole answer. */
  readonly answeredAfterMs: number;
  readonly isTerminal: boolean;
}

const WAIT_SECONDS = 5;
const GIVE_UP_MS = 15_000;

/** Reports `count` tasks over HTTP, open loop, each waiting for its end (`Prefer: wait=5`); resolves with all answers. */
export async function payOverHttp(
  world: Pick<DemoWorld, "traffic" | "ledger">,
  access: ApiAccess,
  load: { readonly count: number; readonly ratePerSecond: number; readonly signal: AbortSignal },
): Promise<readonly AnsweredTask[]> {
  const asked: Promise<AnsweredTask>[] = [];
  const ask = (due: readonly number[]) => {
    for (const atMs of due) {
      const task = world.traffic.newTask(atMs);
      world.ledger.record(task);
      const answer = pay(task, access);
      // Whoever fails is heard of at the end, with all the others.
      answer.catch(() => undefined);
      asked.push(answer);
    }
    return Promise.resolve();
  };
  await openLoop(load.count, load.ratePerSecond, ask, load.signal);
  return Promise.all(asked);
}

async function pay(task: PublishedTask, { url, headers }: ApiAccess): Promise<AnsweredTask> {
  const { taskId, workerId, platformId, currency, eventId } = task;
  const answer = await fetch(`${url}/v1/payments`, {
    method: "POST",
    signal: AbortSignal.timeout(GIVE_UP_MS),
    headers: { ...headers, "content-type": "application/json", prefer: `wait=${WAIT_SECONDS}` },
    body: JSON.stringify({
      taskId,
      workerId,
      platformId,
      currency,
      eventId,
      amount: decimal(task.amount),
      occurredAt: new Date(task.occurredAtMs).toISOString(),
    }),
  });
  const text = await answer.text();
  const answeredAfterMs = Date.now() - task.occurredAtMs;
  if (!answer.ok) throw new Error(`POST /v1/payments answered ${answer.status}: ${text}`);
  return { task, answeredAfterMs, isTerminal: answer.status === 200 };
}

/** Micro-units as the API takes them. */
function decimal(micros: bigint): string {
  const digits = micros.toString().padStart(7, "0");
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
