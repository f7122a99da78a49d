import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { runService, type RunningService } from "./running-service.ts";
import { sandboxAddresses } from "./sandbox-client.ts";
import { createWorldIn, type World, type WorldOptions } from "./world.ts";

const LOGS = fileURLToPath(new URL("../../.sandbox/", import.meta.url));

/** Runs a service whose log goes where the test's file and the instance name it. */
export function runLogged(
  settings: Readonly<Record<string, string>>,
  instance: string,
  program?: string,
): RunningService {
  const file = basename(expect.getState().testPath ?? "", ".e2e.test.ts");
  const logPath = `${LOGS}${file}-${instance.replaceAll(" ", "-")}.log`;
  return runService(settings, { instance, logPath, ...(program !== undefined && { program }) });
}

/** A deployment of its own in the run's sandbox: nothing of it is another file's. */
export async function createWorld(options: WorldOptions): Promise<World> {
  return createWorldIn(await sandboxAddresses(), options, runLogged);
}
