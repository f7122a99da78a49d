import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRegistry } from "../../sandbox/registry/start-registry.ts";
import type { Registry as SandboxRegistry } from "../../sandbox/registry/start-registry.ts";
import { connectCodec } from "../../src/kafka/codec.ts";
import { compileAvro } from "../../src/kafka/avro-types.ts";
import { writeFrame } from "../../src/kafka/frame.ts";
import { createRegistry } from "../../src/kafka/registry.ts";
import { newestSchema } from "../../src/kafka/schemas.ts";

const task = {
  eventId: "e-1",
  occurredAt: new Date("2026-11-02T10:00:00.123Z"),
  taskId: "t-1",
  workerId: "w-1",
  platformId: "p-1",
  amount: 50_500_000n,
  currency: "USDC",
  idempotencyKey: null,
};
const topics = {
  taskCompleted: "task.completed",
  paymentCompleted: "payment.completed",
  paymentFailed: "payment.failed",
};
const TASK_SCHEMA = newestSchema("task.completed");
const frameTask = (schemaId: number) =>
  writeFrame(schemaId, compileAvro(TASK_SCHEMA).toBuffer(task));

let sandbox: SandboxRegistry;
let url: string;
beforeAll(async () => {
  sandbox = await startRegistry();
  url = sandbox.url;
});
afterAll(() => sandbox?.stop());

/** A logger whose lines the test reads. */
function recordedLog() {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  return { log, lines };
}

const connect = () =>
  connectCodec(
    { log: pino({ level: "silent" }), signal: new AbortController().signal },
    { registryUrl: url, topics },
  );

const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();

describe("a registry", () => {
  it("is given every contract, with BACKWARD_TRANSITIVE, and a restart changes nothing", async () => {
    await connect();
    const subjects = Object.values(topics).map((topic) => `${topic}-value`);
    const state = () =>
      Promise.all(
        subjects.map(async (subject) => ({
          config: await get(`/config/${subject}`),
          versions: await get(`/subjects/${subject}/versions`),
          newest: await get(`/subjects/${subject}/versions/latest`),
        })),
      );
    const before = await state();
    for (const { config, versions } of before) {
      expect(config).toEqual({ compatibilityLevel: "BACKWARD_TRANSITIVE" });
      expect(versions).toEqual([1]);
    }
    await connect();
    expect(await state()).toEqual(before);
  });

  it("takes the same contract from instances that start together", async () => {
    const registries = Array.from({ length: 20 }, () => createRegistry({ registryUrl: url }));
    const ids = await Promise.all(
      registries.map((registry) => registry.register("together-value", TASK_SCHEMA)),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await get("/config/together-value")).toEqual({
      compatibilityLevel: "BACKWARD_TRANSITIVE",
    });
  });

  it("is told a subject's compatibility before its first version, so that no crash leaves one without", async () => {
    const registry = createRegistry({ registryUrl: url });
    // What a crash between the two leaves behind, as a version does that the registry refuses.
    await expect(registry.register("half-made-value", '{"type":"nothing"}')).rejects.toThrow();
    expect(await get("/config/half-made-value")).toEqual({
      compatibilityLevel: "BACKWARD_TRANSITIVE",
    });
    expect(await registry.register("half-made-value", TASK_SCHEMA)).toBeGreaterThan(0);
  });

  it("answers the same id for the same schema", async () => {
    const registry = createRegistry({ registryUrl: url });
    const first = await registry.register("twice-value", TASK_SCHEMA);
    expect(await registry.register("twice-value", TASK_SCHEMA)).toBe(first);
    expect(await registry.fetchSchema(first)).toMatchObject({ schemaType: "AVRO" });
  });

  it("refuses a version that cannot read the older ones: reject, and it says which subject", async () => {
    const registry = createRegistry({ registryUrl: url });
    await registry.register("broken-value", TASK_SCHEMA);
    const incompatible = JSON.parse(TASK_SCHEMA) as { fields: object[] };
    incompatible.fields.push({ name: "mustHave", type: "string" });
    await expect(
      registry.register("broken-value", JSON.stringify(incompatible)),
    ).rejects.toMatchObject({
      code: "REGISTRY_INCOMPATIBLE",
      disposition: "reject",
      message: expect.stringContaining("broken-value") as string,
    });
  });

  it("refuses to work with a subject that somebody set to another compatibility", async () => {
    const registry = createRegistry({ registryUrl: url });
    await registry.register("loose-value", TASK_SCHEMA);
    await fetch(`${url}/config/loose-value`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ compatibility: "NONE" }),
    });
    await expect(registry.register("loose-value", TASK_SCHEMA)).rejects.toMatchObject({
      code: "REGISTRY_INCOMPATIBLE",
    });
  });
});

describe("an unknown writer schema", () => {
  it("is a dead letter only when the registry itself says that it does not know the id", async () => {
    const codec = await connect();
    expect(await codec.decodeTaskCompleted(frameTask(999_999))).toMatchObject({
      ok: false,
      code: "unknown_schema",
    });
  });

  it("is to be tried again when something else answers 404", async () => {
    const registry = createRegistry({ registryUrl: `${url}/not/the/api` });
    await expect(registry.fetchSchema(1)).rejects.toMatchObject({
      code: "REGISTRY_UNAVAILABLE",
      disposition: "retry",
    });
  });
});

describe("a registry that goes away", () => {
  it("stops only records of writers never met before; known ones and our own events go on", async () => {
    const registry = createRegistry({ registryUrl: url });
    const known = await registry.register("task.completed-value", TASK_SCHEMA);
    const codec = await connect();
    expect(await codec.decodeTaskCompleted(frameTask(known))).toEqual({ ok: true, event: task });
    await sandbox.server.down();
    try {
      expect(await codec.decodeTaskCompleted(frameTask(known))).toEqual({ ok: true, event: task });
      await expect(codec.decodeTaskCompleted(frameTask(known + 1))).rejects.toMatchObject({
        code: "REGISTRY_UNAVAILABLE",
        disposition: "retry",
      });
    } finally {
      await sandbox.server.up();
    }
  });

  it("is waited for at start, with one line when it is away and one when it is back", async () => {
    await sandbox.server.down();
    const { log, lines } = recordedLog();
    const connecting = connectCodec(
      { log, signal: new AbortController().signal },
      { registryUrl: url, topics },
    );
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(1);
    await sandbox.server.up();
    const codec = await connecting;
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("schema registry is away");
    expect(lines[1]).toContain("back");
    expect(await codec.decodeTaskCompleted(null)).toMatchObject({ code: "tombstone" });
  });

  it("is waited for no longer once the service is told to stop", async () => {
    const stop = new AbortController();
    const { log, lines } = recordedLog();
    const connecting = connectCodec(
      { log, signal: stop.signal },
      { registryUrl: "http://127.0.0.1:9", topics },
    );
    await expect.poll(() => lines.length).toBe(1);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ name: "AbortError" });
  });
});
