import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sql } from "slonik";
import { z } from "zod";
import { audit, isBalanced, type Verdict } from "../../../sandbox/audit/audit.ts";
import { migrateService } from "../../../sandbox/demo/service.ts";
import { execute } from "../../../sandbox/postgres/postgres-at.ts";
import { runCommand } from "../../../sandbox/process/run-command.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import type { Method, Rail } from "../../../sandbox/service-settings.ts";
import { addressesOf } from "../../e2e/sandbox-addresses.ts";
import { runService } from "../../e2e/running-service.ts";
import { createWorldIn } from "../../e2e/world.ts";
import type { Cell } from "../fault.ts";
import { openBoxes } from "../boxes/open-boxes.ts";
import { createTopics } from "./cell-topics.ts";
import { blockWorker, openTraffic, type CellTraffic } from "./cell-traffic.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { LEFT_BEHIND } from "./logs.ts";
import { countUnread } from "./unread-records.ts";

/** A twentieth of the usual delays. */
const SETTINGS = {
  PAYMENT_RETRY_DELAYS_MS: "100,200,300",
  PAYMENT_REVIEW_AFTER_MS: "6000",
  SHUTDOWN_TIMEOUT_MS: "8000",
  DATABASE_POOL_MAX: "8",
  KAFKA_SESSION_TIMEOUT_MS: "2000",
};

/** Programs that start hundreds of times need not be compiled each time. */
const QUICK_START = { NODE_COMPILE_CACHE: `${LEFT_BEHIND}compiled` };

const GIGPAY = fileURLToPath(new URL("../../../src/cli/gigpay.ts", import.meta.url));
const QUIET = "--disable-warning=TimeoutNegativeWarning";
const COMMAND_TIMEOUT_MS = 60_000;
const CATCH_UP_MS = 30_000;
const POLL_MS = 50;

/** Where a cell is played: a deployment of its own, its traffic, its services and its auditor. */
export interface Stage extends AsyncDisposable {
  readonly cell: Cell;
  readonly rail: Rail;
  readonly fleet: Fleet;
  readonly traffic: CellTraffic;
  /** The settings of its services. */
  readonly settings: Readonly<Record<string, string>>;
  /** Resolves once every task has its outcome, the database has nothing under way, and every record is in it. */
  readonly untilNothingInFlight: (withinMs: number) => Promise<void>;
  /** What the auditor says; throws where anything is wrong. */
  readonly audited: () => Promise<Verdict>;
  /** Throws what `gigpay verify` found. */
  readonly verified: () => Promise<void>;
  /** Keeps something that is disposed of with the stage. */
  readonly use: <T extends AsyncDisposable>(resource: T) => T;
  /** Runs a command of `gigpay` on this deployment. */
  readonly gigpay: (...args: string[]) => Promise<string>;
}

export interface StageOptions {
  readonly rail: Rail;
  readonly logs: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** By PayOnce, unless told. */
  readonly method?: Method;
  /** Brings the schema up to date; as a deployment does, unless told. */
  readonly migrate?: (databaseUrl: string) => Promise<void>;
}

export async function openStage(sandbox: Sandbox, options: StageOptions): Promise<Stage> {
  await using opening = new AsyncDisposableStack();
  const { rail, logs } = options;
  const world = opening.use(
    await createWorldIn(
      addressesOf(sandbox),
      {
        rail,
        treasuries: 2,
        ...(options.method && { method: options.method }),
        settings: { ...SETTINGS, ...options.settings },
        migrate: options.migrate ?? migratedAlready(sandbox),
      },
      (settings, instance) =>
        runService(settings, { instance, logPath: `${logs}/${instance}.log` }),
    ),
  );
  opening.use(await createTopics(world.parts.brokers, world.topics));
  await blockWorker(sandbox, world);
  const boxes = opening.use(await openBoxes(partsOf(sandbox)));
  const settings = { ...world.settings, ...boxes.settings(world.settings), ...QUICK_START };
  const traffic = opening.use(await openTraffic(world));
  const fleet = opening.use(createFleet(settings, logs, (port) => boxes.hooks.addService(port)));
  const opened = opening.move();
  const gigpay = (...args: string[]) =>
    runCommand(
      {
        name: `gigpay ${args.join(" ")}`,
        command: process.execPath,
        args: [QUIET, GIGPAY, ...args],
        env: { ...world.settings, ...QUICK_START },
      },
      COMMAND_TIMEOUT_MS,
    );
  return {
    cell: { sandbox, world, boxes },
    rail,
    fleet,
    traffic,
    settings,
    use: (resource) => opened.use(resource),
    gigpay,
    async untilNothingInFlight(withinMs) {
      const deadlineMs = Date.now() + withinMs;
      await traffic.untilEnded([...traffic.ledger.tasks.keys()], withinMs);
      for (;;) {
        const stored = await world.pool.one(inFlight);
        const isStill = Object.values(stored).every((count) => count === 0n);
        const left = { ...stored, records: isStill ? await countUnread(world) : 0n };
        if (isStill && left.records === 0n) return;
        if (Date.now() > deadlineMs) throw new Error(`still in flight: ${show(left)}`);
        await delay(POLL_MS);
      }
    },
    async audited() {
      await traffic.events.catchUp(CATCH_UP_MS);
      const { USDC, EURC } = world.parts.chain.tokens;
      const verdict = audit({
        tasks: traffic.ledger.tasks,
        transfers: await world.chain.transfersFrom(
          ...world.treasuries.map(({ address }) => address),
        ),
        outcomes: traffic.events.outcomes,
        deadLetters: traffic.events.deadLetters,
        tokens: { USDC: USDC.toLowerCase(), EURC: EURC.toLowerCase() },
      });
      if (!isBalanced(verdict)) throw new Error(`the auditor: ${verdict.offenders.join("; ")}`);
      return verdict;
    },
    async verified() {
      await gigpay("verify", "--json");
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function partsOf({ postgres, kafka, chain, circle }: Sandbox): Parameters<typeof openBoxes>[0] {
  return { postgres, kafka, chain, circle };
}

/** A copy of a database that was migrated once for all cells of the sandbox. */
function migratedAlready({ postgres }: Sandbox): (databaseUrl: string) => Promise<void> {
  template ??= postgres.createDatabase("migrated").then(async (url) => {
    await migrateService({ DATABASE_URL: url });
  });
  return async (databaseUrl) => {
    await template;
    const name = new URL(databaseUrl).pathname.slice(1);
    await execute(postgres.url, `DROP DATABASE ${name}`);
    await execute(postgres.url, `CREATE DATABASE ${name} TEMPLATE migrated`);
  };
}

/** One sandbox to a process. */
let template: Promise<void> | undefined;

const inFlight = sql.type(
  z.object({ payments: z.bigint(), sends: z.bigint(), events: z.bigint(), pauses: z.bigint() }),
)`
  SELECT (SELECT count(*) FROM payments WHERE state NOT IN ('completed', 'failed')) AS payments,
    (SELECT count(*) FROM transactions WHERE state = 'open') AS sends,
    (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS events,
    (SELECT count(*) FROM pauses) AS pauses`;

function show(left: Readonly<Record<string, bigint>>): string {
  return Object.entries(left)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
}
