import { join } from "node:path";

import { classArchiveFlags } from "../java/class-archive.ts";
import { findJava, jvmFlags } from "../java/find-java.ts";
import { fetchByMaven } from "../java/maven-cache.ts";
import { onFreePort } from "../process/free-port.ts";
import { restartable, type Restartable } from "../process/restartable.ts";
import { scratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart } from "../process/spawn-part.ts";
import { registryAnswers, registrySettings, registryUrl } from "./registry-settings.ts";

const VERSION = "3.0.9";
const START_TIMEOUT_MS = 60_000;
const HEAP_MB = 320;

export interface Registry {
  /** The address a Confluent client is given. */
  readonly url: string;
  readonly server: Restartable;
  stop(): Promise<void>;
}

/** Starts an Apicurio schema registry with nothing in it; what is registered survives a restart of the server. */
export async function startRegistry(
  options: { readonly signal?: AbortSignal } = {},
): Promise<Registry> {
  const folder = await fetchByMaven({
    folder: `apicurio-${VERSION}`,
    title: `Apicurio Registry ${VERSION} (109 MB)`,
    goal: "unpack",
    goalArgs: (directory) => [
      `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`,
      `-DoutputDirectory=${directory}`,
    ],
  });
  const run = (flags: readonly string[]) => runRegistry(folder, flags, options.signal);
  return run(await classArchiveFlags(folder, run));
}

async function runRegistry(
  folder: string,
  flags: readonly string[],
  signal?: AbortSignal,
): Promise<Registry> {
  const scratch = await scratchDirectory("registry");
  const { command } = await findJava();
  const spec = {
    name: "registry",
    command,
    // The jar by its relative name: the recorded classes remember it so.
    args: [...jvmFlags(HEAP_MB), ...flags, "-jar", `apicurio-registry-app-${VERSION}-runner.jar`],
    cwd: folder,
    timeoutMs: START_TIMEOUT_MS,
    scratch,
    ...(signal && { signal }),
  };
  try {
    const { url, server } = await onFreePort(async (port) => {
      const url = registryUrl(port);
      const env = {
        QUARKUS_HTTP_HOST: "127.0.0.1",
        QUARKUS_HTTP_PORT: String(port),
        ...registrySettings(join(scratch.path, "registry")),
      };
      const start = () => spawnPart({ ...spec, env, ready: { probe: () => registryAnswers(url) } });
      return { url, server: await restartable(start) };
    });
    return {
      url,
      server,
      async stop() {
        await server.down();
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
