import { audit } from "../../sandbox/audit/audit.ts";
import { startDemoWorld, type DemoWorld, type DemoWorldOptions } from "../../sandbox/demo/world.ts";
import type { Rail } from "../../sandbox/service-settings.ts";
import { gasMeasures } from "../measure/gas.ts";
import { arcTime, circleTimes, type ProviderTime } from "../measure/provider-time.ts";
import type { MeasuredPayment } from "../measure/read-payments.ts";
import type { RunContext } from "../question.ts";
import { auditOf } from "./audit-of.ts";
import type { BenchWorld } from "./bench-world.ts";
import { watchBlocks, type BlockWatch } from "./watch-blocks.ts";

const CATCH_UP_MS = 30_000;

export interface SandboxWorld extends BenchWorld {
  /** The service's. */
  readonly settings: DemoWorld["settings"];
  /** The platforms' wallets, in their order. */
  readonly payers: DemoWorld["payers"];
}

/** Starts the sandbox with the service on one of its rails, for one run of one cell: nothing of an earlier run slows it down. */
export async function startSandboxWorld(
  options: Pick<DemoWorldOptions, "rail" | "sandbox" | "settings">,
  { signal, profiles }: RunContext,
): Promise<SandboxWorld> {
  await using starting = new AsyncDisposableStack();
  const nodeArguments = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
  const world = starting.use(
    await startDemoWorld({ ...options, signal, service: { nodeArguments } }),
  );
  const { sandbox, traffic, ledger, events } = world;
  const blocks = starting.use(await watchBlocks(sandbox.chain.wsUrl));
  const running = starting.move();
  return {
    settings: world.settings,
    payers: world.payers,
    traffic,
    ledger,
    events,
    databaseUrl: sandbox.databaseUrl,
    get pids() {
      return {
        service: world.servicePid,
        postgres: sandbox.postgres.server.pid,
        kafka: sandbox.kafka.broker.pid,
        anvil: sandbox.chain.server.pid,
        circle: sandbox.circle.pid,
      };
    },
    killService: () => world.killService(),
    async restartService() {
      await world.restartService();
    },
    providerTimes: () => timesOn(options.rail, world, blocks),
    gasBetween: (fromMs, toMs, payments) =>
      gasMeasures(sandbox.chain.rpcUrl, blocksBetween(blocks, fromMs, toMs), payments),
    audit: () => auditSandbox(world),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function timesOn(
  rail: Rail,
  { sandbox }: DemoWorld,
  blocks: BlockWatch,
): Promise<(payment: MeasuredPayment) => ProviderTime> {
  switch (rail) {
    case "arc":
      return (payment) => arcTime(payment, blocks);
    case "circle": {
      const { control } = sandbox.circle;
      const transactions = await control.transactions();
      const { rate } = await control.settings();
      return circleTimes(transactions, rate.postPerSecond, blocks);
    }
  }
}

/** Those that could carry a payment of that time. */
function blocksBetween(
  { blockAtMs }: BlockWatch,
  fromMs: number,
  toMs: number,
): { readonly first: number; readonly last: number } {
  const numbers = [...blockAtMs].flatMap(([number, atMs]) =>
    atMs >= fromMs && atMs <= toMs ? [number] : [],
  );
  if (numbers.length === 0) throw new Error("no block was seen in that time");
  return { first: Math.min(...numbers), last: Math.max(...numbers) };
}

/** The auditor's word: the platforms' ledger against the chain and Kafka. */
async function auditSandbox(world: DemoWorld): ReturnType<BenchWorld["audit"]> {
  await world.events.catchUp(CATCH_UP_MS);
  const { USDC, EURC } = world.sandbox.chain.tokens;
  return auditOf(
    audit({
      tasks: world.ledger.tasks,
      transfers: await world.readTransfers(),
      outcomes: world.events.outcomes,
      deadLetters: world.events.deadLetters,
      tokens: { USDC: USDC.toLowerCase(), EURC: EURC.toLowerCase() },
    }),
  );
}
