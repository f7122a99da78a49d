import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { onFreePort } from "../process/free-port.ts";
import { restartable, type Restartable } from "../process/restartable.ts";
import { scratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart } from "../process/spawn-part.ts";

const START_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 2_000;

/** A server of Prometheus' family, which answers at `/-/ready` when it is. */
export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  /** Written into its directory before it starts, by their names. */
  readonly files: Readonly<Record<string, string>>;
  readonly args: (place: {
    readonly directory: string;
    readonly port: number;
  }) => readonly string[];
  readonly signal?: AbortSignal;
}

export interface FamilyServer {
  readonly url: string;
  readonly server: Restartable;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1, with its files and its data in a directory that goes with it. */
export async function serveOnFreePort(spec: ServerSpec): Promise<FamilyServer> {
  const scratch = await scratchDirectory(spec.name);
  try {
    for (const [name, content] of Object.entries(spec.files)) {
      await writeFile(join(scratch.path, name), content);
    }
    const { url, server } = await onFreePort(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const start = () =>
        spawnPart({
          name: spec.name,
          command: spec.command,
          args: spec.args({ directory: scratch.path, port }),
          ready: { probe: () => isReady(url) },
          timeoutMs: START_TIMEOUT_MS,
          scratch,
          ...(spec.signal && { signal: spec.signal }),
        });
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

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  return answer.ok;
}
