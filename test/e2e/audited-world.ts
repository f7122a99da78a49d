import { audit, type Verdict } from "../../sandbox/audit/audit.ts";
import { readEvents, type OutcomeEvent } from "../../sandbox/audit/read-events.ts";
import { seedDirectory } from "../../sandbox/traffic/directory.ts";
import { createLedger, taskKey, type Ledger } from "../../sandbox/traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../../sandbox/traffic/publish-tasks.ts";
import { collectArrivals } from "./arrivals.ts";
import { createWorld } from "./shared-world.ts";
import { FEE_RATE, type World, type WorldOptions } from "./world.ts";

const CATCH_UP_MS = 30_000;

/** A world with the generator's traffic in it, which keeps its own ledger, and the auditor. */
export interface AuditedWorld extends AsyncDisposable {
  readonly world: World;
  readonly ledger: Ledger;
  readonly traffic: Traffic;
  /** As they have reached the auditor so far. */
  readonly outcomes: readonly OutcomeEvent[];
  /** Resolves once at least so many tasks have an outcome. */
  readonly untilEnded: (count: number) => Promise<void>;
  /** Once every task has its outcome: compares ledger, chain and Kafka. */
  readonly settleAccounts: () => Promise<Verdict>;
}

/** What the auditor says when nothing was lost, doubled or left open. */
export function allCompleted(count: number): Partial<Verdict> {
  return {
    published: count,
    transfersOnChain: count,
    completed: count,
    failed: 0,
    review: 0,
    deadLettered: 0,
    paidTwice: 0,
    lost: 0,
    contradicting: 0,
    offenders: [],
  };
}

/** Makes the world; `start` runs its services, which make its topics, and then everybody connects. */
export async function createAuditedWorld(
  options: WorldOptions,
  start: (world: World) => Promise<void>,
): Promise<AuditedWorld> {
  await using starting = new AsyncDisposableStack();
  const world = starting.use(await createWorld(options));
  const { parts, topics, treasuries, chain } = world;
  const payers = treasuries.map(({ address }) => address);
  const directory = await seedDirectory(world.settings["DATABASE_URL"] ?? "", payers);
  await start(world);
  const outcomes = collectArrivals<OutcomeEvent>();
  const ended = new Set<string>();
  const { completed, failed, deadLetters } = topics;
  const watched = { completed, failed, deadLetters };
  const events = await readEvents(parts.brokers, watched, (outcome) => {
    ended.add(taskKey(outcome));
    outcomes.push(outcome);
  });
  starting.defer(() => events.stop());
  const ledger = createLedger();
  const traffic = await connectTraffic({
    brokers: parts.brokers,
    registryUrl: parts.registryUrl,
    topic: topics.tasks,
    directory,
    ledger,
    feeRate: FEE_RATE,
  });
  starting.defer(() => traffic.stop());
  const running = starting.move();
  const untilEnded = (count: number) =>
    outcomes.until(`the outcomes of ${count} tasks`, () => ended.size >= count);
  return {
    world,
    ledger,
    traffic,
    outcomes: events.outcomes,
    untilEnded,
    async settleAccounts() {
      await untilEnded(ledger.tasks.size);
      await events.catchUp(CATCH_UP_MS);
      const { USDC, EURC } = parts.chain.tokens;
      return audit({
        tasks: ledger.tasks,
        transfers: await chain.transfersFrom(...payers),
        outcomes: events.outcomes,
        deadLetters: events.deadLetters,
        tokens: { USDC: USDC.toLowerCase(), EURC: EURC.toLowerCase() },
      });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
