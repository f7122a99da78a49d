import { auditContest } from "../contest/audit-contest.ts";
import { killAll, stopAll, type Contender } from "../contest/contender.ts";
import { createOwnService } from "../contest/own-service.ts";
import { startContestWorld, type ContestWorld } from "../contest/world.ts";
import type { ProviderTime } from "../measure/provider-time.ts";
import type { MeasuredPayment } from "../measure/read-payments.ts";
import { goOnFrom, type Past } from "../history/past.ts";
import { readLedger } from "../provider/ledger.ts";
import type { RunContext } from "../question.ts";
import { auditOf } from "./audit-of.ts";
import type { BenchWorld } from "./bench-world.ts";

export interface SimulatedWorldOptions {
  /** Over a chain in its own process, unless told. */
  readonly service?: Contender;
  readonly past?: Past;
}

/**
 * Starts the service over a rail that pays every half second, with a real Kafka and a real Postgres; all of them new, or on a
 * chain, and maybe a database, with a past.
 */
export async function startSimulatedWorld(
  context: RunContext,
  { service = createOwnService(0), past }: SimulatedWorldOptions = {},
): Promise<BenchWorld> {
  await using starting = new AsyncDisposableStack();
  const world = starting.use(await startContestWorld(context, past?.databaseDirectory));
  await service.prepare(world);
  if (past) await goOnFrom(past, world, context.signal);
  let parts = await service.start(world);
  starting.defer(() => stopAll(parts));
  // Its tables are there now, and the directory can be filled.
  const traffic = await world.connectPlatforms();
  const running = starting.move();
  return {
    traffic,
    ledger: world.ledger,
    events: world.events,
    databaseUrl: world.databaseUrl,
    get pids() {
      const [part] = parts;
      if (!part) throw new Error("the service is away");
      return { ...world.pids, service: part.pid };
    },
    killService: () => killAll(parts),
    async restartService() {
      parts = await service.start(world);
    },
    providerTimes: async () => timesBy(world),
    gasBetween: async () => ({}),
    audit: async () => auditOf(await auditContest(world)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** From when the rail had answered the send until its block, by the provider's own book. */
function timesBy({ ledgerPath }: ContestWorld): (payment: MeasuredPayment) => ProviderTime {
  const executedAtMs = new Map(
    readLedger(ledgerPath).map((transfer) => [transfer.id as string, transfer.executedAtMs]),
  );
  return ({ txHash, submittedAt }) => {
    const executed = executedAtMs.get(txHash.toLowerCase());
    if (executed === undefined) throw new Error(`the provider knows nothing of ${txHash}`);
    return {
      providerMs: Math.max(0, executed - (submittedAt?.getTime() ?? executed)),
      limiterMs: 0,
    };
  };
}
