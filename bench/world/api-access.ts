import { fileURLToPath } from "node:url";
import type { DemoWorld } from "../../sandbox/demo/world.ts";
import { runCommand } from "../../sandbox/process/run-command.ts";

/** Where the service's API is, and a key of it. */
export interface ApiAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const MINT_WITHIN_MS = 20_000;

/** Mints a key as an operator does. The world's settings name the port. */
export async function openApi(
  { settings }: Pick<DemoWorld, "settings">,
  scopes: string,
): Promise<ApiAccess> {
  const output = await runCommand(
    {
      name: "gigpay keys create",
      command: process.execPath,
      args: [GIGPAY, "keys", "create", "--name", "bench", "--scopes", scopes],
      env: { ...settings },
    },
    MINT_WITHIN_MS,
  );
  const token = /^gsp_\S+$/m.exec(output)?.[0];
  if (token === undefined) throw new Error(`gigpay keys create showed no key: ${output}`);
  return {
    url: `http://127.0.0.1:${settings["HTTP_PORT"]}`,
    headers: { authorization: `Bearer ${token}` },
  };
}
