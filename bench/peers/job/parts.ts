import { Kafka, logLevel } from "kafkajs";
import { Pool } from "pg";
import { openProvider } from "../../provider/provider.ts";
import { connectOutcomes } from "./outcomes.ts";
import { PAYMENTS_TABLE } from "./payments.ts";
import { DATABASE_URL, KAFKA_BROKERS, LEDGER_PATH } from "./settings.ts";

export const kafkaConfig = {
  clientId: "peer",
  brokers: KAFKA_BROKERS,
  logLevel: logLevel.NOTHING,
};

/** What every peer does its work with. */
export async function openParts() {
  const kafka = new Kafka(kafkaConfig);
  const pool = new Pool({ connectionString: DATABASE_URL, max: 20 });
  await pool.query(PAYMENTS_TABLE);
  return {
    kafka,
    pool,
    provider: openProvider(LEDGER_PATH),
    outcomes: await connectOutcomes(kafka),
  };
}

/** For whoever has started this process and waits. */
export function sayReady(): void {
  process.stdout.write("ready\n");
}
