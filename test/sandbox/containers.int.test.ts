import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import kafkajs from "kafkajs";
import { Client } from "pg";
import { expect, test } from "vitest";

import { startSandbox } from "../../sandbox/sandbox.ts";

const MINUTES_MS = 10 * 60_000;

// Needs Docker, and images that can be pulled or that SANDBOX_…_IMAGE names: see sandbox/README.md.
test.runIf(process.env["SANDBOX"] === "containers")(
  "the sandbox in containers is the same sandbox: it serves, and its parts come back after a crash with what they held",
  async () => {
    await using sandbox = await startSandbox({ fsync: false });
    const { postgres, kafka, registry } = sandbox;
    const admin = new kafkajs.Kafka({ brokers: kafka.brokers }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "kept", numPartitions: 3 }] });
    await admin.disconnect();
    const { id } = await register(registry.url);
    await query(sandbox.databaseUrl, "CREATE TABLE kept AS SELECT 7 AS value");

    for (const part of [postgres.server, kafka.broker, registry.server]) {
      await part.down("SIGKILL");
      await part.up();
    }

    expect(await query(sandbox.databaseUrl, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    await admin.connect();
    expect(await admin.listTopics()).toContain("kept");
    await admin.disconnect();
    expect(await register(registry.url)).toEqual({ id });
  },
  MINUTES_MS,
);

async function register(url: string): Promise<{ id: number }> {
  const schema = '{"type":"record","name":"Kept","namespace":"test","fields":[]}';
  const registry = new SchemaRegistry({ host: url });
  return registry.register({ type: SchemaType.AVRO, schema }, { subject: "kept-value" });
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
