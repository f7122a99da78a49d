import { retryPayment } from "../../../src/acceptance/retry-payment.ts";
import { PaymentError } from "../../../src/errors.ts";
import { EVERYTHING, pause, resume } from "../../../src/dispatch/pause.ts";
import { requestVoid } from "../../../src/dispatch/request-void.ts";
import { paymentIdOf, refOf } from "../../../src/payment/ids.ts";
import { acceptanceDeps, dispatchDeps, type Connected } from "../../../src/stage-deps.ts";
import { addressOf } from "../../support/seed.ts";
import { FORCED_STATES } from "./circle-model.ts";
import { encode } from "./codec-model.ts";
import { rolesOf, startInstance } from "./instance.ts";
import { addLate, WORKER_IDS, type TaskLine } from "./platforms.ts";
import type { Weighted } from "./random.ts";
import { mend, PAYERS, rebalance } from "./mend.ts";
import { confirmRestore, restoreDatabase } from "./restore.ts";
import type { Instance, World } from "./world.ts";

/** One thing that may happen next. Faults count as such; the rest is the world's ordinary course. */
export interface Action extends Weighted {
  readonly isFault?: true;
  run(): void | Promise<unknown>;
}

/** Everything that may happen now, each with how likely it is beside the others. */
export function possibleActions(world: World, console: Connected): Action[] {
  const faults = [...troubles(world), ...lives(world), ...meddling(world), ...restores(world)];
  return [
    ...course(world),
    ...circleCourse(world),
    ...messages(world),
    ...operators(world, console),
    ...(world.isRestored
      ? [{ key: "confirm the restore", weight: 4, run: () => confirmRestore(world, console) }]
      : []),
    ...faults.map((action) => ({
      ...action,
      weight: action.weight * world.setting.storm,
      isFault: true as const,
    })),
  ];
}

function course(world: World): Action[] {
  const { random, tasks, kafka, late, database } = world;
  const unpublished = tasks.filter(({ isPublished }) => !isPublished);
  const published = tasks.filter(({ isPublished }) => isPublished);
  return [
    { key: "time", weight: 25, run: () => passTime(world, 20 + random.below(400)) },
    { key: "long time", weight: 2, run: () => passTime(world, 2_000 + random.below(40_000)) },
    { key: "block", weight: 14, run: () => mineBlock(world) },
    ...unpublished.slice(0, 1).map((task) => ({
      key: `publish ${task.event.taskId}`,
      weight: 14,
      run: () => publish(world, task),
    })),
    ...published.slice(0, 1).map(() => ({
      key: "publish again",
      weight: 2,
      run: () => publish(world, random.pick(published)),
    })),
    ...[...kafka.members].flatMap((member) =>
      isRunning(member.process)
        ? member.partitions.map((partition) => ({
            key: `fetch ${member.process.name} ${partition}`,
            weight: 6,
            run: () => void member.fetch(partition, 1 + random.below(4)),
          }))
        : [],
    ),
    ...[...late].map((id) => ({
      key: `late ${id}`,
      weight: 2,
      run: async () => {
        late.delete(id);
        await addLate(database.pool, tasks, id);
      },
    })),
  ];
}

/** Time passes, and every process that runs does what is due. */
export function passTime(world: World, ms: number): void {
  world.nowMs += ms;
  for (const member of world.kafka.members) if (isRunning(member.process)) member.poll();
  for (const { process } of world.instances) if (isRunning(process)) process.wakeUp();
}

function mineBlock({ chain, nowMs, fates }: World): void {
  chain.mine(nowMs, fates.ofTransaction);
}

export function publish({ kafka, nowMs }: World, task: TaskLine): void {
  task.isPublished = true;
  const { workerId } = task.event;
  kafka.append(WORKER_IDS.indexOf(workerId) % kafka.partitions, {
    key: Buffer.from(workerId),
    value: encode(task.event),
    timestamp: String(nowMs),
    headers: {},
  });
}

function circleCourse({ circle, random }: World): Action[] {
  const { transactions } = circle;
  const underWay = transactions.filter(({ stage }) => stage !== "over").slice(0, 6);
  return [
    ...underWay.flatMap((transaction): Action[] => [
      { key: `advance ${transaction.id}`, weight: 5, run: () => circle.advance(transaction) },
      {
        key: `lie about ${transaction.id}`,
        weight: 0.5,
        isFault: true,
        run: () => void (transaction.shown = random.pick(FORCED_STATES)),
      },
    ]),
    ...transactions.slice(0, 1).map((): Action => ({
      key: "execute once more",
      weight: 1.5,
      isFault: true,
      run: () => circle.repeat(random.pick(transactions)),
    })),
  ];
}

function messages({ network }: World): Action[] {
  return [...network.messages].slice(0, 8).flatMap((message): Action[] => {
    const dead = message.from.isDead;
    return [
      { key: `answer ${message.name}`, weight: dead ? 0 : 5, run: () => message.answer() },
      { key: `give up ${message.name}`, weight: dead ? 0 : 1, run: () => message.giveUp() },
      {
        key: `deliver ${message.name}`,
        weight: message.isDelivered ? 0 : 2,
        run: () => message.deliver(),
      },
      { key: `lose ${message.name}`, weight: 0.5, run: () => message.lose() },
    ].filter(({ weight }) => weight > 0);
  });
}

function troubles(world: World): Action[] {
  const { troubles, chain, circle, kafka, random, setting } = world;
  const toggles = (
    ["chainAway", "circleAway", "kafkaAway", "databaseAway", "operatorsBroke"] as const
  )
    .filter((name) => name !== "circleAway" || setting.rail === "circle")
    .map((name) => ({
      key: name,
      weight: troubles[name] ? 4 : 0.4,
      run: () => void (troubles[name] = !troubles[name]),
    }));
  const pooled = [...chain.pool.keys()];
  return [
    ...toggles,
    { key: "mend", weight: 1, run: () => mend(world) },
    { key: "lag", weight: 0.7, run: () => void (troubles.nodeLagBlocks = random.below(4)) },
    { key: "base fee", weight: 0.4, run: () => void (chain.baseFeePerGas *= 4n) },
    {
      key: "block worker",
      weight: 0.7,
      run: () => block(world, addressOf(random.pick(WORKER_IDS))),
    },
    { key: "block payer", weight: 0.4, run: () => block(world, random.pick(PAYERS)) },
    { key: "dry", weight: 0.6, run: () => runDry(world) },
    ...pooled.slice(0, 1).map(() => ({
      key: "drop from the pool",
      weight: 1,
      run: () => void chain.pool.delete(random.pick(pooled)),
    })),
    ...(circle.keys.size > 0
      ? [{ key: "Circle forgets its keys", weight: 0.4, run: () => circle.keys.clear() }]
      : []),
    {
      key: "rewind Kafka's offsets",
      weight: 0.3,
      run: () => {
        for (const [partition, offset] of kafka.committed) {
          kafka.committed.set(partition, BigInt(random.below(Number(offset) + 1)));
        }
        rebalance(world);
      },
    },
  ];
}

function block({ chain }: World, account: string): void {
  chain.model.blocked.add(account as `0x${string}`);
}

function runDry({ chain, random }: World): void {
  const payer = random.pick(PAYERS) as `0x${string}`;
  const purse = random.chance(0.5) ? chain.model.balances : chain.model.allowances;
  purse.set(payer, 0n);
}

export function isRunning(process: Instance["process"]): boolean {
  return !process.isDead && !process.frozen;
}

/** Crashes, stand-stills, restarts and leases that wander. */
function lives(world: World): Action[] {
  const { instances, random, setting } = world;
  const running = instances.filter(({ process }) => isRunning(process));
  const frozen = instances.filter(({ process }) => !process.isDead && process.frozen);
  const alive = running.length + frozen.length;
  return [
    ...running.flatMap((instance): Action[] => {
      const { process } = instance;
      const strike = (how: "crash" | "freeze") => () =>
        void (process.strike = { how, placesLeft: random.below(30) });
      return [
        { key: `crash ${process.name}`, weight: 2.5, run: strike("crash") },
        { key: `freeze ${process.name}`, weight: 1.5, run: strike("freeze") },
      ];
    }),
    ...frozen.map(({ process }) => ({
      key: `thaw ${process.name}`,
      weight: 2,
      run: () => process.thaw(),
    })),
    ...(alive < setting.instancesMax
      ? [{ key: "start", weight: alive === 0 ? 20 : 3, run: () => start(world) }]
      : []),
    ...(running.length > 0
      ? rolesOf(world).flatMap((role): Action[] => [
          {
            key: `lease ${role}`,
            weight: isHeld(running, role) ? 0.4 : 3,
            run: () => passLease(world, role, running),
          },
        ])
      : []),
    { key: "rebalance", weight: 0.8, run: () => rebalance(world) },
  ];
}

function isHeld(running: readonly Instance[], role: string): boolean {
  return running.some(({ roles }) => roles.has(role));
}

export function start(world: World): Instance {
  const instance = startInstance(world, `service-${world.instances.length + 1}`);
  const others = world.instances.filter((one) => one !== instance && isRunning(one.process));
  for (const role of rolesOf(world)) if (!isHeld(others, role)) instance.takeRole(role);
  return instance;
}

/** Whoever had it may not notice at once: a process that stands still never does, and some go on for a while. */
function passLease(world: World, role: string, running: readonly Instance[]): void {
  const next = world.random.pick(running);
  for (const one of running) if (one !== next && world.random.chance(0.7)) one.dropRole(role);
  next.takeRole(role);
}

/** Records that are nobody's task, offsets that lie, a topic made anew. */
function meddling(world: World): Action[] {
  const { kafka, random, unacceptable, nowMs } = world;
  return [
    {
      key: "garbage",
      weight: 0.6,
      run() {
        const value = Buffer.from(`not a task ${unacceptable.length}`);
        unacceptable.push(value);
        const partition = random.below(kafka.partitions);
        kafka.append(partition, { key: null, value, timestamp: String(nowMs), headers: {} });
      },
    },
    {
      key: "conflict",
      weight: 0.6,
      run: () => publishConflict(world),
    },
    {
      key: "topic made anew",
      weight: 0.15,
      run() {
        world.hasMovedOffsets = true;
        kafka.recreate(
          Array.from({ length: kafka.partitions }, (_, partition) => {
            const records = kafka.log(partition);
            // The platforms publish again what they had, in their order; some of it at once, the rest later.
            return records;
          }),
        );
        rebalance(world);
      },
    },
  ];
}

/** One backup and one restore of it, at most; half of the schedules know neither. */
function restores(world: World): Action[] {
  const { database, hasBackup, isRestored, plan } = world;
  if (plan.seed % 2 === 0 || isRestored) return [];
  if (hasBackup) {
    return [{ key: "restore", weight: 6, run: () => restoreDatabase(world) }];
  }
  const backUp = async () => {
    world.hasBackup = true;
    await database.backUp();
  };
  return [{ key: "backup", weight: 14, run: backUp }];
}

/** Another amount for a task that was published: never a payment, always a dead letter. */
function publishConflict(world: World): void {
  const { tasks, unacceptable, kafka, nowMs } = world;
  const task = tasks.find(({ isPublished }) => isPublished);
  if (!task) return;
  const event = {
    ...task.event,
    eventId: `other-event-${unacceptable.length}`,
    amount: task.event.amount + 1_000_000n,
  };
  const value = encode(event);
  unacceptable.push(value);
  const key = Buffer.from(event.workerId);
  const partition = WORKER_IDS.indexOf(event.workerId) % kafka.partitions;
  kafka.append(partition, { key, value, timestamp: String(nowMs), headers: {} });
}

/** What operators do by hand. */
function operators(world: World, console: Connected): Action[] {
  const { random, tasks, chain } = world;
  const published = tasks
    .filter(({ isPublished }) => isPublished)
    .map(({ event }) => paymentIdOf(event.platformId, event.taskId));
  if (published.length === 0) return [];
  const paid = new Set<string>(chain.transfers.map(({ id }) => id));
  const unpaid = published.filter((id) => !paid.has(refOf(id)));
  const subject = (among: readonly string[]) => {
    return {
      paymentId: random.pick(among),
      // Most look before they command; some have an old page open.
      expectedGeneration: random.chance(0.7) ? 1 : 1 + random.below(3),
      reason: "simulated",
      actor: "operator:simulated",
    };
  };
  const dispatching = dispatchDeps(console, console.bells.dispatch);
  const by = "operator:simulated";
  return [
    {
      key: "cancel",
      weight: 6,
      run: () =>
        requestVoid(
          dispatching,
          subject(random.chance(0.8) && unpaid.length > 0 ? unpaid : published),
        ),
    },
    {
      key: "retry",
      weight: 2.5,
      run: () =>
        retryPayment(acceptanceDeps(console), subject(published)).catch((error: unknown) => {
          // While a restore is open it is refused, and given again later.
          if (!world.isRestored || !(error instanceof PaymentError)) throw error;
        }),
    },
    { key: "pause", weight: 0.3, run: () => pause(dispatching, EVERYTHING, "simulated", by) },
    { key: "resume", weight: 0.8, run: () => resume(dispatching, EVERYTHING, "simulated", by) },
  ];
}
