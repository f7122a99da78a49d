import { loadConfig, type Config } from "../../../src/config.ts";
import { bindDeployment } from "../../../src/deployment.ts";
import { instanceOf } from "../../../src/stage-deps.ts";
import { addressOf } from "../../support/seed.ts";
import { createChain, type Chain } from "./chain-model.ts";
import { createCircle, type Circle } from "./circle-model.ts";
import { fatesOf, type Fates } from "./fates.ts";
import type { Instance } from "./instance.ts";
import { createKafka, type KafkaModel } from "./kafka-model.ts";
import { createNetwork, type Network } from "./network.ts";
import { settingOf, type Plan, type Setting } from "./plan.ts";
import { makeTasks, PLATFORM_IDS, seedDirectory, WORKER_IDS, type TaskLine } from "./platforms.ts";
import { randomFrom, uuidFrom, type Random } from "./random.ts";
import type { SimDatabase } from "./sim-database.ts";
import { createTraffic, type Traffic } from "./traffic.ts";

/** What is wrong with the parts outside, until somebody mends it. */
export interface Troubles {
  chainAway: boolean;
  circleAway: boolean;
  kafkaAway: boolean;
  databaseAway: boolean;
  nodeLagBlocks: number;
  operatorsBroke: boolean;
}

export interface Tally {
  crashes: number;
  faults: number;
}

export interface World {
  readonly plan: Plan;
  readonly setting: Setting;
  readonly config: Config;
  readonly database: SimDatabase;
  readonly traffic: Traffic;
  readonly chain: Chain;
  readonly circle: Circle;
  readonly kafka: KafkaModel;
  readonly network: Network;
  readonly troubles: Troubles;
  readonly fates: Fates;
  readonly operators: readonly string[];
  readonly tasks: readonly TaskLine[];
  /** Values of records that are nobody's task: each must end as a dead letter. */
  readonly unacceptable: Buffer[];
  /** What the directory does not know yet. */
  readonly late: Set<string>;
  /** Everything that ever ran, the dead included. */
  readonly instances: Instance[];
  readonly tally: Tally;
  /** Offset alarms are right only where somebody meddled with offsets. */
  hasMovedOffsets: boolean;
  nowMs: number;
  /** Faults are over. */
  isCalm: boolean;
  /** Of the present step. */
  random: Random;
  /** Begins a step: all chance in it follows from its name. */
  beginStep(name: string): void;
  uuid(): string;
  /** Somebody listens to what is told. */
  readonly isTold: boolean;
  tell(line: string): void;
}

/** Any moment will do, as long as it is the same for every schedule. */
const BEGINNING_MS = Date.UTC(2026, 2, 1, 12);
const RICH = 10n ** 12n;
export const PAYERS: readonly string[] = PLATFORM_IDS.map(addressOf);

export async function createWorld(
  plan: Plan,
  database: SimDatabase,
  listener: ((line: string) => void) | undefined,
): Promise<World> {
  const setting = settingOf(plan.seed);
  const config = configFor(setting);
  const random = randomFrom(`world ${plan.seed}`);
  const operators = ["operator-1", "operator-2"].map(addressOf);
  const traffic = createTraffic();
  const chain = createChain(config.PAY_ONCE_ADDRESS, plan.breaks);
  for (const operator of operators) chain.model.operators.add(operator as `0x${string}`);
  const troubles: Troubles = {
    chainAway: false,
    circleAway: false,
    kafkaAway: false,
    databaseAway: false,
    nodeLagBlocks: 0,
    operatorsBroke: false,
  };
  const wallets = new Map(operators.map((address, index) => [`wallet-${index + 1}`, address]));
  const tasks = makeTasks(random, setting.tasks, BEGINNING_MS);
  const late = new Set(
    [...directoryTasks(tasks), ...WORKER_IDS].filter(() => random.chance(0.12)),
  );
  let stepName = "";
  let drawn = 0;
  // The parts below ask the world about its present step, so it is there before them.
  const world = {
    plan,
    setting,
    config,
    database,
    traffic,
    chain,
    troubles,
    operators,
    tasks,
    unacceptable: [],
    late,
    instances: [],
    tally: { crashes: 0, faults: 0 },
    hasMovedOffsets: false,
    nowMs: BEGINNING_MS,
    isCalm: true,
    random,
    isTold: listener !== undefined,
    tell: (line: string) => listener?.(line),
    beginStep(name) {
      stepName = name;
      drawn = 0;
      world.random = randomFrom(`${plan.seed} ${name}`);
    },
    uuid: () => uuidFrom(`${plan.seed} ${stepName} ${(drawn += 1)}`),
  } as Omit<World, "fates" | "network" | "circle" | "kafka"> as World;
  const fates = fatesOf(world);
  const network = createNetwork(fates.ofCall);
  const circle = createCircle(chain, wallets, { refusal: fates.circleRefusal });
  const topic = config.TOPIC_TASK_COMPLETED;
  const kafka = createKafka({ network, topic, partitions: 2, nowMs: () => world.nowMs }, () => {
    rebalance(world);
  });
  Object.assign(world, { fates, network, circle, kafka });
  mend(world);
  await database.clean();
  await database.setTime(world.nowMs);
  await bindDeployment(database.pool, instanceOf(config));
  await seedDirectory(database.pool, tasks, late);
  return world;
}

/** Only a directory can be late: the other platform's events make their tasks themselves. */
function directoryTasks(tasks: readonly TaskLine[]): string[] {
  return tasks.flatMap(({ event }) => (event.platformId === "directory" ? [event.taskId] : []));
}

/** Everything outside works and everybody is funded. */
export function mend({ chain, troubles }: World): void {
  Object.assign(troubles, {
    chainAway: false,
    circleAway: false,
    kafkaAway: false,
    databaseAway: false,
    nodeLagBlocks: 0,
    operatorsBroke: false,
  } satisfies Troubles);
  chain.model.blocked.clear();
  for (const payer of PAYERS) {
    chain.model.balances.set(payer as `0x${string}`, RICH);
    chain.model.allowances.set(payer as `0x${string}`, RICH);
  }
  chain.baseFeePerGas = 20_000_000_000n;
}

/** Deals the partitions out to those of the group who take part; a process that stands still misses it. */
export function rebalance({ kafka }: World): void {
  const present = [...kafka.members].filter(({ process }) => !process.isDead && !process.frozen);
  for (const member of kafka.members) if (!present.includes(member)) member.expel();
  for (const [index, member] of present.entries()) {
    const mine = Array.from({ length: kafka.partitions }, (_, partition) => partition).filter(
      (partition) => partition % present.length === index,
    );
    member.rejoin(mine);
  }
}

function configFor({ rail, batchMax }: Setting): Config {
  const hex32 = `0x${"1".repeat(64)}`;
  const railSettings =
    rail === "arc"
      ? { ARC_OPERATOR_PRIVATE_KEYS: hex32 }
      : {
          CIRCLE_API_KEY: "TEST_API_KEY:simulated:simulated",
          CIRCLE_ENTITY_SECRET: hex32,
          CIRCLE_OPERATOR_WALLET_IDS: "wallet-1,wallet-2",
        };
  return loadConfig({
    NODE_ENV: "test",
    LOG_LEVEL: "silent",
    INSTANCE_ID: "simulated",
    DATABASE_URL: "postgres://simulated/simulated",
    KAFKA_BROKERS: "simulated:9092",
    SCHEMA_REGISTRY_URL: "http://simulated:8081",
    PAYMENT_RAIL: rail,
    PAY_ONCE_ADDRESS: addressOf("PayOnce"),
    ARC_RPC_URL: "http://simulated:8545",
    ARC_CHAIN_ID: "5042002",
    PAYMENT_BATCH_MAX: String(batchMax),
    PAYMENT_REVIEW_AFTER_MS: "30000",
    ...railSettings,
  });
}
