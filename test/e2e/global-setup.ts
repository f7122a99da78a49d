import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import type { Restartable } from "../../sandbox/process/restartable.ts";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.ts";
import { addressesOf, type SandboxAddresses } from "./sandbox-addresses.ts";

declare module "vitest" {
  interface ProvidedContext {
    sandboxUrl: string;
  }
}

/**
 * One sandbox for all files of a run. Its parts belong to this process, so the files, each in a process of its own, ask
 * for it here: the first one that asks starts it, so that the quicker projects run without it.
 */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  let sandbox: Promise<Sandbox> | undefined;
  const server = serve(() => (sandbox ??= start()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  provide("sandboxUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    await (await sandbox?.catch(() => undefined))?.stop();
  };
}

function start(): Promise<Sandbox> {
  const latency = { sentMs: { min: 100, max: 300 } };
  return startSandbox({ fsync: false, circle: { latency } });
}

function serve(ask: () => Promise<Sandbox>): Server {
  return createServer((request, response) => {
    act(ask, request.url ?? "/").then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  });
}

/** `/` answers the addresses, `/PART/down` and `/PART/up` take a part away and bring it back. */
async function act(ask: () => Promise<Sandbox>, path: string): Promise<SandboxAddresses | null> {
  const sandbox = await ask();
  const [, part, deed] = path.split("/");
  if (!part) return addressesOf(sandbox);
  const parts: Record<string, Restartable> = {
    postgres: sandbox.postgres.server,
    kafka: sandbox.kafka.broker,
    registry: sandbox.registry.server,
    chain: sandbox.chain.server,
  };
  const server = parts[part];
  if (!server || (deed !== "down" && deed !== "up")) throw new Error(`nothing to do at ${path}`);
  await server[deed]();
  return null;
}
