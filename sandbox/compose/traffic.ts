/** The platforms of docker-compose.yml: fills the directory, then publishes completed tasks at a steady rate. */
import type { Hex } from "viem";

import { walletOf } from "../furnish.ts";
import { seedDirectory } from "../traffic/directory.ts";
import { createLedger } from "../traffic/ledger.ts";
import { connectTraffic } from "../traffic/publish-tasks.ts";
import { setting } from "./setting.ts";

/** The ledger and the sent events stay in memory, so one run has an end. */
const TASKS_MAX = 100_000;

const treasuries = (setting("TREASURY_PRIVATE_KEYS").split(",") as Hex[]).map(walletOf);
const directory = await seedDirectory(
  setting("DATABASE_URL"),
  treasuries.map(({ address }) => address),
);
const traffic = await connectTraffic({
  brokers: setting("KAFKA_BROKERS").split(","),
  registryUrl: setting("SCHEMA_REGISTRY_URL"),
  topic: "task.completed",
  directory,
  ledger: createLedger(),
  feeRate: 0n,
});
const ratePerSecond = Number(setting("TASKS_PER_SECOND"));
process.stdout.write(`Publishing ${ratePerSecond} tasks a second, ${TASKS_MAX} in all.\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
await traffic.publish(TASKS_MAX, ratePerSecond);
await traffic.stop();
