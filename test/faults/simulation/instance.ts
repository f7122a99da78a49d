import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { consume, dispatch, follow, recheck, relay } from "../../../src/app.ts";
import { createArcLane } from "../../../src/arc/lane.ts";
import { createCircleLane } from "../../../src/circle/lane.ts";
import { createPacer } from "../../../src/circle/pacer.ts";
import type { Lane } from "../../../src/dispatch/rail.ts";
import { createPublisher, type Publisher } from "../../../src/kafka/publisher.ts";
import { watchDeps } from "../../../src/restore-deps.ts";
import { watchRestores, type RestoreWatch } from "../../../src/restore/watch-restores.ts";
import { createServerWatch } from "../../../src/restore/watch-server.ts";
import type { Bell } from "../../../src/bells.ts";
import type { Connected } from "../../../src/stage-deps.ts";
import { createForming } from "../../../src/dispatch/forming.ts";
import { createPatientWake, createWake, ringAll, type Wake } from "../../../src/wake.ts";
import { createModelClient } from "./circle-model.ts";
import { jsonCodec } from "./codec-model.ts";
import { CONSOLE } from "./fates.ts";
import { guardPool } from "./guard-pool.ts";
import { createProcess, type SimProcess } from "./process.ts";
import { createModelRpc, modelSigner } from "./rpc-model.ts";
import { runOutside } from "./virtual-time.ts";
import type { Instance, Role, World } from "./world.ts";
import { unobserved } from "../../support/unobserved.ts";
import { untraced } from "../../../src/tracing/tracing.ts";

/** As `holdLease` waits before it takes a lease again. */
const LEASE_AGAIN_MS = 500;

export function rolesOf({ setting, operators }: World): Role[] {
  const lanes = setting.rail === "arc" ? operators.map((address) => `arc:${address}`) : ["circle"];
  return [...lanes, "follow", "relay"];
}

/** Starts consuming and rechecking at once; the rest when it is given the roles. */
export function startInstance(world: World, name: string): Instance {
  const process = createProcess(name, {
    nowMs: () => world.nowMs,
    random: () => world.random.next(),
    uuid: world.uuid,
    tell: world.tell,
    onCrash(process) {
      world.tally.crashes += 1;
      world.kafka.leave(process);
    },
  });
  const connected = process.run(() => connectModel(world, process));
  const publisher = process.run(() => createPublisher(connected));
  const roles = new Map<Role, AbortController>();
  const stopping = new AbortController();
  const watch = process.run(() => watchRestores(watchDeps(connected), stopping.signal));
  const instance: Instance = {
    process,
    connected,
    roles,
    takeRole(role) {
      if (roles.has(role) || process.isDead) return;
      const lease = new AbortController();
      roles.set(role, lease);
      const work = workOf({ connected, publisher, watch }, role);
      process.run(() => void hold(work, lease.signal));
    },
    dropRole(role) {
      roles.get(role)?.abort();
      roles.delete(role);
    },
  };
  world.instances.push(instance);
  process.run(() => {
    consume(connected, watch, stopping.signal);
    recheck(connected, watch, stopping.signal).catch((error: unknown) => {
      world.tell(`${name}: rechecking ended: ${String(error)}`);
    });
  });
  return instance;
}

/** For operators' commands and the last look: a process that nothing ever befalls. */
export function startConsole(world: World): Connected {
  const process = createProcess(CONSOLE, {
    nowMs: () => world.nowMs,
    random: () => 0.5,
    uuid: world.uuid,
    tell: world.tell,
    onCrash: () => undefined,
  });
  // It reads the world as it is, but for the faults.
  const calm = Object.assign(Object.create(world) as World, {
    fates: {
      ...world.fates,
      ofDatabase: () => "answered" as const,
      throttles: () => false,
      lagBlocks: () => 0,
    },
    network: {
      ...world.network,
      call: async <T>(_: SimProcess, call: { effect(): T }) => call.effect(),
    },
  });
  return process.run(() => connectModel(calm, process));
}

async function hold(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal) {
  while (!signal.aborted) {
    // What ends it is told by the service's own log; its lease is taken again.
    await work(signal).catch(() => undefined);
    await delay(LEASE_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

function workOf(
  {
    connected,
    publisher,
    watch,
  }: { connected: Connected; publisher: Publisher; watch: RestoreWatch },
  role: Role,
): (signal: AbortSignal) => Promise<void> {
  switch (role) {
    case "follow":
      return (signal) => follow(connected, watch, signal);
    case "relay":
      return (signal) => relay(connected, { publisher, watch }, signal);
    default: {
      const lane = connected.lanes.find(({ id }) => id.startsWith(role));
      if (!lane) throw new TypeError(`there is no lane ${role}`);
      return (signal) => watch.whileClosed((closed) => dispatch(connected, lane, closed), signal);
    }
  }
}

function connectModel(world: World, process: SimProcess): Connected {
  const { config, network, chain, fates, troubles, traffic, database, operators } = world;
  const log = pino(
    { level: world.isTold ? "warn" : "silent", base: null, timestamp: false },
    { write: (line: string) => world.tell(`  ${process.name} logs ${line.trim()}`) },
  );
  const rpc = createModelRpc(
    {
      chain,
      network,
      troubles: {
        lagBlocks: fates.lagBlocks,
        throttles: fates.throttles,
        isFull: fates.isPoolFull,
        get operatorsBroke() {
          return troubles.operatorsBroke;
        },
      },
    },
    process,
  );
  const pool = guardPool(database.pool, process, {
    fateOf: fates.ofDatabase,
    run: (operation) =>
      traffic.run(async () => {
        await runOutside(() => database.setTime(world.nowMs));
        return operation();
      }),
  });
  const lanes = lanesOf(world, process, { rpc, log });
  const laneBells = new Map(lanes.map(({ id }) => [id, createWake()]));
  const bells: Record<Bell, Wake> = {
    dispatch: ringAll([...laneBells.values()]),
    relay: createWake(),
    recheck: createWake(),
    tend: createWake(),
    live: createWake(),
  };
  return {
    config,
    log,
    metrics: unobserved,
    tracing: untraced,
    pool,
    rpc,
    kafka: world.kafka.client(process),
    codec: jsonCodec,
    lanes,
    notificationKeys: null,
    operators,
    server: createServerWatch(log),
    bells,
    laneBells,
    outcomeBell: createWake(),
    webhookBells: { decided: createWake(), due: createWake() },
    sequencerBell: createPatientWake(0),
    forming: createForming(),
    signals: {
      announce(name) {
        bells[name].ring();
        ringOthers(world, process, name);
      },
      closed: Promise.resolve(),
    },
  };
}

/** LISTEN/NOTIFY is a hint that may get lost. */
function ringOthers(world: World, from: SimProcess, name: Bell): void {
  for (const { process, connected } of world.instances) {
    if (process === from || process.isDead || process.frozen || world.random.chance(0.5)) continue;
    process.run(() => connected.bells[name].ring());
  }
}

function lanesOf(
  world: World,
  process: SimProcess,
  { rpc, log }: Pick<Connected, "rpc" | "log">,
): readonly Lane[] {
  const { config, operators, circle, network } = world;
  const { ARC_CHAIN_ID: chainId, PAY_ONCE_ADDRESS: payOnce } = config;
  if (world.setting.rail === "arc") {
    return operators.map((address) =>
      createArcLane(
        { rpc, log, signer: modelSigner(address), chainId, payOnce },
        { maxInFlight: 3 },
      ),
    );
  }
  const wallets = [...circle.wallets].map(([walletId, address]) => ({ walletId, address }));
  const client = createModelClient({ circle, network }, process);
  const [posts, gets] = [createPacer(20), createPacer(50)];
  return [createCircleLane({ client, wallets, payOnce, posts, gets, log })];
}
