import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { classArchiveFlags } from "../java/class-archive.ts";
import { findJava, jvmFlags } from "../java/find-java.ts";
import { freePort, onFreePort } from "../process/free-port.ts";
import { restartable, type Restartable } from "../process/restartable.ts";
import { scratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart } from "../process/spawn-part.ts";
import { kafkaFiles, layStorage, type KafkaFiles } from "./kafka-files.ts";
import { serverProperties } from "./server-properties.ts";

const START_TIMEOUT_MS = 60_000;
const HEAP_MB = 384;
const LOGGING = fileURLToPath(new URL("./log4j2.properties", import.meta.url));

export interface Kafka {
  readonly brokers: string[];
  readonly broker: Restartable;
  /** Where its records are, for as long as it runs. */
  readonly storage: string;
  stop(): Promise<void>;
}

/** Starts a Kafka 4.1 of one node (KRaft) with nothing in it. */
export async function startKafka(options: { readonly signal?: AbortSignal } = {}): Promise<Kafka> {
  const files = await kafkaFiles();
  const run = (flags: readonly string[]) => runBroker(files, flags, options.signal);
  return run(await classArchiveFlags(files.folder, run));
}

async function runBroker(
  files: KafkaFiles,
  flags: readonly string[],
  signal?: AbortSignal,
): Promise<Kafka> {
  const scratch = await scratchDirectory("kafka");
  try {
    const storage = join(scratch.path, "storage");
    await layStorage(files.formatted, storage);
    const properties = join(scratch.path, "server.properties");
    const { command } = await findJava();
    const java = [...jvmFlags(HEAP_MB), ...flags, `-Dlog4j2.configurationFile=${LOGGING}`];
    const spec = {
      name: "kafka",
      command,
      args: [...java, "-cp", files.classpath, "kafka.Kafka", properties],
      ready: { line: /Kafka Server started/ },
      timeoutMs: START_TIMEOUT_MS,
      scratch,
      ...(signal && { signal }),
    };
    const { port, broker } = await onFreePort(async (port) => {
      const ports = { broker: port, controller: await freePort() };
      await writeFile(properties, serverProperties(ports, storage));
      return { port, broker: await restartable(() => spawnPart(spec)) };
    });
    return {
      brokers: [`127.0.0.1:${port}`],
      broker,
      storage,
      async stop() {
        await broker.down();
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
