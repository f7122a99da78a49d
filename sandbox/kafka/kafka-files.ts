import { randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { findJava, jvmFlags } from "../java/find-java.ts";
import { makeOnce } from "../process/make-once.ts";
import { fetchByMaven } from "../java/maven-cache.ts";
import { runCommand } from "../process/run-command.ts";
import { serverProperties } from "./server-properties.ts";

const VERSION = "4.1.0";
const FORMAT_TIMEOUT_MS = 60_000;
const POM = fileURLToPath(new URL("./pom.xml", import.meta.url));

export interface KafkaFiles {
  readonly folder: string;
  readonly classpath: string;
  /** A freshly formatted, never used storage directory. */
  readonly formatted: string;
}

/** Apache Kafka's own jars and a formatted storage, from the cache or, the first time, by Maven. */
export async function kafkaFiles(): Promise<KafkaFiles> {
  const folder = await fetchByMaven({
    folder: `kafka-${VERSION}`,
    title: `Apache Kafka ${VERSION} (46 jars, 43 MB)`,
    goal: "copy-dependencies",
    pom: POM,
    goalArgs: (directory) => ["-DincludeScope=runtime", `-DoutputDirectory=${directory}`],
  });
  const jars = (await readdir(folder)).filter((name) => name.endsWith(".jar")).sort();
  const classpath = jars.map((name) => join(folder, name)).join(":");
  const formatted = join(folder, "formatted");
  await format(classpath, formatted);
  return { folder, classpath, formatted };
}

/**
 * Lays a storage out for one broker. Formatting takes a JVM of its own, most of a second, and writes only the
 * cluster's id, the directory's id and the feature levels of this version: so it is done once, and each broker
 * gets a copy with ids of its own.
 */
export async function layStorage(formatted: string, storage: string): Promise<void> {
  await mkdir(storage);
  await cp(formatted, storage, { recursive: true });
  const file = join(storage, "meta.properties");
  const written = await readFile(file, "utf8");
  const renewed = written.replaceAll(
    /^(cluster\.id|directory\.id)=.*$/gm,
    (_, key: string) => `${key}=${kafkaUuid()}`,
  );
  await writeFile(file, renewed);
}

async function format(classpath: string, formatted: string): Promise<void> {
  const { command } = await findJava();
  await makeOnce(formatted, async (storage, scratch) => {
    const properties = join(scratch.path, "server.properties");
    await writeFile(properties, serverProperties({ broker: 9092, controller: 9093 }, storage));
    const tool = ["kafka.tools.StorageTool", "format", "-t", kafkaUuid(), "-c", properties];
    const args = [...jvmFlags(256), "-cp", classpath, ...tool];
    await runCommand({ name: "Kafka's storage tool", command, args, scratch }, FORMAT_TIMEOUT_MS);
  });
}

/** Kafka's ids: 16 random bytes in base64url; one that starts with a dash would look like an option. */
function kafkaUuid(): string {
  const id = randomBytes(16).toString("base64url");
  return id.startsWith("-") ? `A${id.slice(1)}` : id;
}
