import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { freePort } from "./process/free-port.ts";
import { startSandbox, type Sandbox } from "./sandbox.ts";
import type { Rail } from "./service-settings.ts";

const ENV_FILE = fileURLToPath(new URL("../.sandbox/env", import.meta.url));

const HELP = `npm run sandbox -- [--rail circle|arc] [--write-env PATH]

Starts Postgres, Kafka, the schema registry, an emulated Arc and an emulated Circle on this machine, prints one
line of JSON with every address on stdout, writes the settings of a service to a file, and stays until Ctrl-C.
Then, in another terminal:  npm run gigpay -- --settings .sandbox/env doctor

  --rail circle|arc   the rail that the settings are for (circle)
  --write-env PATH    where the settings are written (.sandbox/env in the checkout)
  --help              this text

SANDBOX=containers runs the parts in Docker instead.
`;

interface Arguments {
  readonly rail: Rail;
  readonly envFile: string;
  readonly help: boolean;
}

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The second signal ends this process at once; the guards then end the parts.
  process.once(signal, () => stopping.abort());
}

try {
  const { rail, envFile, help } = readArguments(process.argv.slice(2));
  if (help) process.stdout.write(HELP);
  else await run(rail, envFile);
} catch (error) {
  if (stopping.signal.aborted) process.exit(EXIT_INTERRUPTED);
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof TypeError ? EXIT_USAGE : 1;
}

async function run(rail: Rail, envFile: string): Promise<void> {
  const began = Date.now();
  const sandbox = await startSandbox({ signal: stopping.signal });
  try {
    // Known before the service runs, so that `gigpay` finds it with the same settings.
    const HTTP_PORT = String(await freePort());
    await writeSettings(envFile, { ...sandbox.settings(rail), HTTP_PORT });
    process.stdout.write(`${JSON.stringify(addresses(sandbox, rail, envFile))}\n`);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const shown = relative(process.cwd(), envFile);
    process.stderr.write(`Up in ${seconds} s. Settings: ${shown}. Ctrl-C stops it.\n`);
    const stop = Promise.withResolvers<void>();
    stopping.signal.addEventListener("abort", () => stop.resolve());
    if (!stopping.signal.aborted) await stop.promise;
  } finally {
    await rm(envFile, { force: true });
    await sandbox.stop();
  }
}

/** Not called --env-file: Node takes that one for itself, even behind the script's name, and wants it to exist. */
function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      rail: { type: "string", default: "circle" },
      "write-env": { type: "string", default: ENV_FILE },
      help: { type: "boolean", default: false },
    },
  });
  const { rail } = values;
  if (rail !== "circle" && rail !== "arc") {
    throw new TypeError(`--rail ${rail} is neither circle nor arc.`);
  }
  return { rail, envFile: resolve(values["write-env"]), help: values.help };
}

/** Keys of worthless wallets, but keys: for the owner's eyes only. */
async function writeSettings(path: string, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, lines.join(""), { mode: 0o600 });
}

function addresses(sandbox: Sandbox, rail: Rail, envFile: string): Record<string, unknown> {
  const { postgres, kafka, registry, chain, circle } = sandbox;
  return {
    rail,
    envFile,
    postgresUrl: postgres.url,
    databaseUrl: sandbox.databaseUrl,
    kafkaBrokers: kafka.brokers,
    schemaRegistryUrl: registry.url,
    arcRpcUrl: chain.rpcUrl,
    arcWsUrl: chain.wsUrl,
    arcChainId: chain.chainId,
    tokens: chain.tokens,
    payOnce: sandbox.payOnce,
    payOnceAdmin: chain.admin.address,
    treasuries: sandbox.treasuries.map(({ address }) => address),
    arcOperators: sandbox.arcOperators.map(({ address }) => address),
    circleBaseUrl: circle.baseUrl,
    circleControlUrl: circle.controlUrl,
    circleOperatorWallets: circle.operatorWallets.map(({ id, address }) => ({ id, address })),
  };
}
