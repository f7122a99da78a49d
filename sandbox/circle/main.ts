import { parseArgs } from "node:util";
import { startCircle, type CircleOptions } from "./start-circle.ts";

const HELP = `Emulates Circle's developer-controlled wallets on a chain. Prints one JSON line when ready.

  --rpc-url URL         the chain's JSON-RPC                    CIRCLE_EMULATOR_RPC_URL
  --chain-id N          default 5042002                         CIRCLE_EMULATOR_CHAIN_ID
  --host HOST           default 127.0.0.1                       CIRCLE_EMULATOR_HOST
  --port N              default: any free one                   CIRCLE_EMULATOR_PORT
  --api-key KEY         default: a new one                      CIRCLE_API_KEY
  --entity-secret HEX   default: a new one                      CIRCLE_ENTITY_SECRET
  --wallets LIST        private keys, or id=key, comma between  CIRCLE_EMULATOR_WALLETS
  --settings JSON       what differs from the default settings  CIRCLE_EMULATOR_SETTINGS
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    "rpc-url": { type: "string" },
    "chain-id": { type: "string" },
    host: { type: "string" },
    port: { type: "string" },
    "api-key": { type: "string" },
    "entity-secret": { type: "string" },
    wallets: { type: "string" },
    settings: { type: "string" },
  },
});

const { env } = process;
const rpcUrl = values["rpc-url"] ?? env["CIRCLE_EMULATOR_RPC_URL"];
if (values.help === true || rpcUrl === undefined) {
  process.stderr.write(HELP);
  process.exit(values.help === true ? 0 : 2);
}

const host = values.host ?? env["CIRCLE_EMULATOR_HOST"];
const apiKey = values["api-key"] ?? env["CIRCLE_API_KEY"];
const entitySecret = values["entity-secret"] ?? env["CIRCLE_ENTITY_SECRET"];
const wallets = values.wallets ?? env["CIRCLE_EMULATOR_WALLETS"];
const settings = values.settings ?? env["CIRCLE_EMULATOR_SETTINGS"];

const circle = await startCircle({
  rpcUrl,
  chainId: Number(values["chain-id"] ?? env["CIRCLE_EMULATOR_CHAIN_ID"] ?? 5042002),
  port: Number(values.port ?? env["CIRCLE_EMULATOR_PORT"] ?? 0),
  ...(host === undefined ? {} : { host }),
  ...(apiKey === undefined ? {} : { apiKey }),
  ...(entitySecret === undefined ? {} : { entitySecret }),
  ...(wallets === undefined ? {} : { wallets: wallets.split(",").map(walletOf) }),
  ...(settings === undefined ? {} : { settings: JSON.parse(settings) as object }),
} satisfies CircleOptions);

process.stdout.write(`${JSON.stringify(circle)}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void circle.stop());

function walletOf(text: string): { id?: string; privateKey: `0x${string}` } {
  const [first = "", key] = text.trim().split("=");
  const privateKey = (key ?? first) as `0x${string}`;
  return key === undefined ? { privateKey } : { id: first, privateKey };
}
