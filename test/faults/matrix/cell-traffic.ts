import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  readEvents,
  type EventReader,
  type OutcomeEvent,
} from "../../../sandbox/audit/read-events.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { seedDirectory, type Directory } from "../../../sandbox/traffic/directory.ts";
import {
  createLedger,
  taskKey,
  type Ledger,
  type PublishedTask,
} from "../../../sandbox/traffic/ledger.ts";
import { connectTraffic, type Traffic } from "../../../sandbox/traffic/publish-tasks.ts";
import { FEE_RATE, type World } from "../../e2e/world.ts";

/** The first worker's wallet is blocked by the token in every cell; one more is known to nobody. */
const BLOCKED_WORKER = 0;
const UNKNOWN_WORKER = "nobody";
const WORKERS = 24;
const FEE_UNIT = 1_000_000n;
const ABOVE_LIMIT = 20_000_000_000n;
/** How long EURC refuses: long enough for one try of each payment in it, and shorter than all of them. */
const REFUSE_MS = 900;
const END_TRIES = 60;
const POLL_MS = 20;

/** The platforms of a cell, their own ledger, and a consumer of what is said of it. */
export interface CellTraffic extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly traffic: Traffic;
  readonly directory: Directory;
  readonly events: EventReader;
  /** Payments that can be made, at once. */
  plain(count: number, special?: Special): Promise<readonly PublishedTask[]>;
  /** A dozen: ordinary ones, one that the token refuses at first, one to a blocked worker, two that may not be paid. */
  mixed(): Promise<void>;
  /** Publishes again what was published before. */
  again(): Promise<void>;
  /** The tasks that have no outcome yet. */
  readonly open: () => readonly string[];
  /** When the last first outcome of a task arrived; 0 without any. */
  readonly lastOutcomeMs: () => number;
  untilEnded(keys: readonly string[], withinMs: number): Promise<void>;
}

export async function openTraffic(world: World): Promise<CellTraffic> {
  await using opening = new AsyncDisposableStack();
  const { parts, topics, treasuries } = world;
  const payers = treasuries.map(({ address }) => address);
  const directory = await seedDirectory(world.settings["DATABASE_URL"] ?? "", payers, WORKERS);
  const firstSeenMs = new Map<string, number>();
  const watched = {
    completed: topics.completed,
    failed: topics.failed,
    deadLetters: topics.deadLetters,
  };
  const hear = (outcome: OutcomeEvent) => {
    const key = taskKey(outcome);
    if (!firstSeenMs.has(key)) firstSeenMs.set(key, outcome.arrivedAtMs);
  };
  const events = await readEvents(parts.brokers, watched, hear);
  opening.defer(() => events.stop());
  const ledger = createLedger();
  const traffic = await connectTraffic({
    brokers: parts.brokers,
    registryUrl: parts.registryUrl,
    topic: topics.tasks,
    directory,
    ledger,
    feeRate: FEE_RATE,
  });
  opening.defer(() => traffic.stop());
  const make = taskMaker(directory);
  const opened = opening.move();
  const open = () => [...ledger.tasks.keys()].filter((key) => !firstSeenMs.has(key));
  const plain = (count: number, special?: Special) =>
    Array.from({ length: count }, () => make(special));
  return {
    ledger,
    traffic,
    directory,
    events,
    open,
    async plain(count, special) {
      const tasks = plain(count, special);
      await traffic.publishThese(tasks);
      return tasks;
    },
    async mixed() {
      const blocked = directory.workers[BLOCKED_WORKER];
      await refuseEurcFor(world, REFUSE_MS);
      await traffic.publishThese([
        ...plain(8),
        make({ currency: "EURC" }),
        make({ expected: "failed", workerId: blocked?.id ?? "", wallet: blocked?.wallet ?? "" }),
        make({ expected: "failed", workerId: UNKNOWN_WORKER, wallet: "0x" }),
        make({ expected: "failed", amount: ABOVE_LIMIT }),
      ]);
    },
    async again() {
      await traffic.publishAgain(ledger.tasks.size);
    },
    lastOutcomeMs: () => Math.max(0, ...firstSeenMs.values()),
    async untilEnded(keys, withinMs) {
      const deadlineMs = Date.now() + withinMs;
      const left = () => keys.filter((key) => !firstSeenMs.has(key));
      while (left().length > 0) {
        if (Date.now() > deadlineMs) {
          throw new Error(`without an outcome after ${withinMs} ms: ${left().join(", ")}`);
        }
        await delay(POLL_MS);
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Blocks the worker whom every cell's directory knows as its first: wallets are the same in all of them. */
export async function blockWorker(sandbox: Sandbox, world: World): Promise<void> {
  const [blocked] = (await seedDirectory(world.settings["DATABASE_URL"] ?? "", [], 1)).workers;
  if (blocked) await sandbox.chain.setBlacklisted("USDC", blocked.wallet as `0x${string}`, true);
}

type Special = Partial<Omit<PublishedTask, "eventId" | "taskId" | "netAmount" | "occurredAtMs">>;

/** Tasks whose (wallet, net amount) is unique in the cell, to all workers but the blocked one. */
function taskMaker(directory: Directory): (special?: Special) => PublishedTask {
  const run = randomUUID().slice(0, 8);
  const workers = directory.workers.slice(BLOCKED_WORKER + 1);
  let sequence = 0;
  return (special = {}) => {
    const n = (sequence += 1);
    const worker = workers[n % workers.length];
    const platform = directory.platforms[n % directory.platforms.length];
    if (!worker || !platform) throw new Error("the directory is empty");
    const amount = (special.amount ?? 2_000_000n) + BigInt(n) * 100n;
    return {
      eventId: `event-${run}-${n}`,
      taskId: `task-${run}-${n}`,
      workerId: worker.id,
      wallet: worker.wallet,
      platformId: platform.id,
      payer: platform.payer,
      currency: "USDC",
      occurredAtMs: Date.now(),
      expected: "completed",
      ...special,
      amount,
      netAmount: amount - (amount * FEE_RATE) / FEE_UNIT,
    };
  };
}

/** EURC is paused now, and no longer after a while; where the chain is away by then, as soon as it is back. */
async function refuseEurcFor({ chain }: World, ms: number): Promise<void> {
  await chain.setPaused("EURC", true);
  const end = (triesLeft: number) => {
    chain.setPaused("EURC", false).catch(() => {
      if (triesLeft > 0) setTimeout(end, ms, triesLeft - 1);
    });
  };
  setTimeout(end, ms, END_TRIES);
}
