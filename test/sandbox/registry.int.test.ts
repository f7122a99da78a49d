import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { expect, test } from "vitest";

import { startRegistry } from "../../sandbox/registry/start-registry.ts";
import { eventually, isAlive } from "./process-census.ts";
import { startOwner } from "./start-owner.ts";

const person = (field: string) => ({
  type: SchemaType.AVRO as const,
  schema: JSON.stringify({
    type: "record",
    name: "Person",
    namespace: "test",
    fields: [{ name: field, type: "string" }],
  }),
});
const subject = { subject: "person-value" };

test("the registry speaks Confluent's protocol, and killed -9 it keeps what it acknowledged", async () => {
  const [registry, other] = await Promise.all([startRegistry(), startRegistry()]);
  const { id } = await new SchemaRegistry({ host: registry.url }).register(person("name"), subject);
  const encoded = await new SchemaRegistry({ host: registry.url }).encode(id, { name: "Ada" });
  await expect(new SchemaRegistry({ host: other.url }).decode(encoded)).rejects.toThrow(
    /No content/,
  );

  await registry.server.down("SIGKILL");
  await registry.server.up();
  const again = new SchemaRegistry({ host: registry.url });
  expect(await again.register(person("name"), subject)).toEqual({ id });
  expect(await again.decode(encoded)).toMatchObject({ name: "Ada" });

  const pids = [registry.server.pid, other.server.pid];
  await Promise.all([registry.stop(), other.stop()]);
  expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
});

test("an owner killed -9 takes the registry along", async () => {
  const owner = await startOwner<number>(`report((await startRegistry()).server.pid);`);
  expect(await isAlive(owner.reported)).toBe(true);
  await owner.die("SIGKILL");
  expect(await eventually(async () => !(await isAlive(owner.reported)))).toBe(true);
});
