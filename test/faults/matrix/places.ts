import { circleControl } from "../../../sandbox/circle/control-client.ts";
import type { Rail } from "../../../sandbox/service-settings.ts";
import { execute } from "../../../sandbox/postgres/postgres-at.ts";
import type { Failpoint } from "../../../src/failpoint.ts";
import type { Fault } from "../fault.ts";
import { calmChain, dropPool, spikeBaseFee, takeNonces, untilPending } from "./chain-acts.ts";
import type { Instance } from "./fleet.ts";
import type { Stage } from "./stage.ts";

/** Ends what the occasion has done to the world. */
type Undo = () => Promise<void> | void;

/** How a service is brought to a place. */
export interface Place {
  readonly rails: readonly Rail[];
  readonly bring: (stage: Stage, instance: Instance) => Promise<Undo>;
  /** The part that the occasion is made with. */
  readonly brings?: Fault["part"];
  /** The same where it differs on the circle rail. */
  readonly bringsOnCircle?: Fault["part"];
  /** Which time it acts; 1 unless told. */
  readonly hit?: number;
  /** How long it waits there first; by then a request's bytes have left. */
  readonly afterMs?: number;
}

export type ServicePlace = Exclude<
  Failpoint,
  OperatorPlace | MigratePlace | TransferPlace | TellingPlace
>;
export type OperatorPlace = Extract<
  Failpoint,
  `retry.${string}` | `replay.${string}` | `void.${string}` | `pause.${string}`
>;
/** Of plain transfers, which a deployment of PayOnce never makes. */
type TransferPlace = Extract<Failpoint, `transfer.${string}`>;
/** Where somebody has to be there who is told. */
export type TellingPlace = Extract<Failpoint, `webhooks.${string}` | `live.${string}`>;
export type MigratePlace = Extract<Failpoint, `migrate.${string}`>;

const BOTH = ["arc", "circle"] as const;
const LINGER_MS = 3_000;
const BYTES_LEFT_MS = 15;

const nothing: Undo = () => undefined;

const traffic: Place = {
  rails: BOTH,
  async bring(stage) {
    await stage.traffic.mixed();
    return nothing;
  },
};

const onCircle = (fault: Parameters<ReturnType<typeof circleControl>["inject"]>[0]): Place => ({
  rails: ["circle"],
  brings: "circle",
  async bring(stage) {
    const control = circleControl(stage.cell.world.parts.circle.controlUrl);
    await control.inject(fault);
    await stage.traffic.mixed();
    return () => control.clearFaults();
  },
});

/** Mixed traffic only now: what it does to the tokens makes blocks. */
async function goOn({ cell, traffic }: Stage): Promise<void> {
  cell.sandbox.chain.resumeBlocks();
  await calmChain(cell.sandbox);
  await traffic.mixed();
}

/** With a send in the pool of a chain that stands still. */
const whileStill = (act: (stage: Stage) => Promise<void>): Place => ({
  rails: ["arc"],
  brings: "chain",
  async bring(stage) {
    const { chain } = stage.cell.sandbox;
    chain.pauseBlocks();
    await stage.traffic.plain(4);
    try {
      await untilPending(stage);
      await act(stage);
    } catch (error) {
      chain.resumeBlocks();
      throw error;
    }
    return () => goOn(stage);
  },
});

/** The same on a chain that goes on at once. */
function goingOn(place: Place): Place {
  return {
    ...place,
    async bring(stage, instance) {
      const resume = await place.bring(stage, instance);
      await resume();
      return nothing;
    },
  };
}

const spiked = whileStill(spikeBaseFee);

const released: Place = {
  rails: BOTH,
  brings: "chain",
  bringsOnCircle: "circle",
  bring: (stage, instance) =>
    (stage.rail === "arc" ? nonceTaken : failedByCircle).bring(stage, instance),
};
/** The follower believes a used nonce at the second block that shows it. */
const nonceTaken = goingOn(whileStill(takeNonces));
const failedByCircle = onCircle({ kind: "forceState", state: "FAILED", executed: false });

const reported: Place = {
  rails: BOTH,
  brings: "chain",
  bringsOnCircle: "circle",
  bring: (stage, instance) => (stage.rail === "arc" ? forgotten : lingering).bring(stage, instance),
};
const forgotten = goingOn(whileStill(dropPool));
const lingering = onCircle({ kind: "executeLate", delayMs: LINGER_MS });

/** No block comes until the deadline of what was sent is over. */
const doubted: Place = {
  rails: BOTH,
  brings: "chain",
  async bring(stage) {
    stage.cell.sandbox.chain.pauseBlocks();
    await stage.traffic.plain(4);
    return () => goOn(stage);
  },
};

const refusedByCircle = onCircle({ kind: "refuse", code: 156020, match: { method: "POST" } });

const leaseLost: Place = {
  rails: BOTH,
  brings: "postgres",
  async bring(stage, { service }) {
    await service.ready;
    await stage.traffic.mixed();
    await execute(
      stage.cell.world.settings["DATABASE_URL"] ?? "",
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'gigstream lease%'`,
    );
    return nothing;
  },
};

const shutDown: Place = {
  rails: BOTH,
  async bring(stage, { service }) {
    await service.ready;
    await stage.traffic.mixed();
    void service.stop().catch(() => undefined);
    return nothing;
  },
};

const bytesLeft = (rails: readonly Rail[]): Place => ({
  ...traffic,
  rails,
  afterMs: BYTES_LEFT_MS,
});

/** Where each place of the service is met. */
export const PLACES: Readonly<Record<ServicePlace, Place>> = {
  "deployment.before_bind": traffic,
  "deployment.bound": traffic,
  "lease.taken": traffic,
  "lease.lost": leaseLost,
  "cursor.before_first": traffic,
  "cursor.first_stored": traffic,
  "cursor.before_idle_move": { ...traffic, hit: 2 },
  "offsets.before_check": traffic,
  "offsets.before_commit": traffic,
  "offsets.committed": traffic,
  "accept.before": traffic,
  "accept.before_commit": traffic,
  "accept.committed": traffic,
  "records.durable": traffic,
  "recheck.before_commit": traffic,
  "recheck.committed": traffic,
  "send.before": traffic,
  "send.before_commit": traffic,
  "send.committed": traffic,
  "submit.before": traffic,
  "submit.arc_bytes_left": bytesLeft(["arc"]),
  "submit.circle_bytes_left": bytesLeft(["circle"]),
  "submit.answered": traffic,
  "answer.stored": traffic,
  "ticket.before_renew_commit": refusedByCircle,
  "ticket.renewed": refusedByCircle,
  "ticket.before_store": spiked,
  "ticket.stored": spiked,
  "tend.reported": reported,
  "release.before": released,
  "release.before_commit": released,
  "release.committed": released,
  "doubt.before_commit": doubted,
  "doubt.committed": doubted,
  "settle.before": traffic,
  "settle.before_commit": traffic,
  "settle.committed": traffic,
  "settle.announced": traffic,
  "relay.read": traffic,
  "relay.bytes_left": bytesLeft(BOTH),
  "relay.produced": traffic,
  "relay.marked": traffic,
  "shutdown.drained": shutDown,
};
