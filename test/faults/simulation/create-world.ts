import { loadConfig, type Config } from "../../../src/config.ts";
import { bindDeployment } from "../../../src/deployment.ts";
import { instanceOf } from "../../../src/stage-deps.ts";
import { addressOf } from "../../support/seed.ts";
import { createChain } from "./chain-model.ts";
import { createCircle } from "./circle-model.ts";
import { fatesOf } from "./fates.ts";
import { createKafka } from "./kafka-model.ts";
import { mend, rebalance } from "./mend.ts";
import { createNetwork } from "./network.ts";
import { settingOf, type Plan, type Setting } from "./plan.ts";
import { makeTasks, seedDirectory, WORKER_IDS, type TaskLine } from "./platforms.ts";
import { randomFrom, uuidFrom } from "./random.ts";
import type { SimDatabase } from "./sim-database.ts";
import { createTraffic } from "./traffic.ts";
import type { Troubles, World } from "./world.ts";

/** Any moment will do, as long as it is the same for every schedule. */
const BEGINNING_MS = Date.UTC(2026, 2, 1, 12);

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
  const late = new Set([...directoryTasks(tasks), ...WORKER_IDS].filter(() => random.chance(0.12)));
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
    tally: { crashes: 0, faults: 0, restores: 0 },
    hasMovedOffsets: false,
    hasBackup: false,
    isRestored: false,
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
  const groupId = config.KAFKA_GROUP_ID;
  const kafka = createKafka(
    { network, topic, groupId, partitions: 2, nowMs: () => world.nowMs },
    () => rebalance(world),
  );
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
