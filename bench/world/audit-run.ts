import { setTimeout as delay } from "node:timers/promises";
import { audit } from "../../sandbox/audit/audit.ts";
import type { DemoWorld } from "../../sandbox/demo/world.ts";
import { taskKey } from "../../sandbox/traffic/ledger.ts";
import type { Audit } from "../question.ts";

const CATCH_UP_MS = 30_000;
const POLL_MS = 20;

/** Resolves once so many tasks have an outcome, however often it came; throws where they have not in that time. */
export async function untilEnded(
  { events }: Pick<DemoWorld, "events">,
  count: number,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  const ended = new Set<string>();
  for (let read = 0; ;) {
    for (const outcome of events.outcomes.slice(read)) ended.add(taskKey(outcome));
    read = events.outcomes.length;
    if (ended.size >= count) return;
    if (performance.now() > untilMs) {
      throw new Error(`${ended.size} of ${count} tasks have an outcome after ${withinMs} ms more`);
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** The auditor's word at the end of a run: the platforms' ledger against the chain and Kafka. */
export async function auditRun(world: DemoWorld): Promise<Audit> {
  await world.events.catchUp(CATCH_UP_MS);
  const { USDC, EURC } = world.sandbox.chain.tokens;
  const { published, completed, failed, review, ...verdict } = audit({
    tasks: world.ledger.tasks,
    transfers: await world.readTransfers(),
    outcomes: world.events.outcomes,
    deadLetters: world.events.deadLetters,
    tokens: { USDC: USDC.toLowerCase(), EURC: EURC.toLowerCase() },
  });
  const { paidTwice, lost, contradicting, failedButPaid } = verdict;
  const wrongs = { paidTwice, lost, contradicting, failedButPaid };
  return { published, completed, failed, open: review, ...wrongs };
}
