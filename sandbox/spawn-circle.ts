import { fileURLToPath } from "node:url";

import { circleControl, type CircleControl } from "./circle/control-client.ts";
import type { CircleAddress } from "./circle/control/serve-control.ts";
import type { SettingsPatch } from "./circle/control/settings.ts";
import { spawnPart } from "./process/spawn-part.ts";

const MAIN = fileURLToPath(new URL("./circle/main.ts", import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface CircleSpec {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** What differs from the emulator's usual settings. */
  readonly settings?: SettingsPatch;
  readonly signal?: AbortSignal;
}

export interface Circle extends CircleAddress {
  /** Latencies, limits and faults, while it runs. */
  readonly control: CircleControl;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the Circle emulator in a process of its own, so that its work never stands in the way of who measures it. */
export async function spawnCircle(spec: CircleSpec): Promise<Circle> {
  let address: CircleAddress | undefined;
  const part = await spawnPart({
    name: "circle",
    command: process.execPath,
    args: [MAIN],
    env: {
      CIRCLE_EMULATOR_RPC_URL: spec.rpcUrl,
      CIRCLE_EMULATOR_CHAIN_ID: String(spec.chainId),
      CIRCLE_EMULATOR_SETTINGS: JSON.stringify(spec.settings ?? {}),
    },
    ready: { line: /^\{"baseUrl"/ },
    onLine: (line) => {
      if (address === undefined && line.startsWith('{"baseUrl"'))
        address = JSON.parse(line) as CircleAddress;
    },
    timeoutMs: START_TIMEOUT_MS,
    ...(spec.signal && { signal: spec.signal }),
  });
  if (address === undefined) throw new Error("circle got ready without telling its address");
  const control = circleControl(address.controlUrl);
  return { ...address, control, pid: part.pid, stop: () => part.stop() };
}
