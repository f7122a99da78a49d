import { pino } from "pino";
import { generatePrivateKey } from "viem/accounts";
import { circleControl } from "../../sandbox/circle/control-client.ts";
import type { FaultSpec } from "../../sandbox/circle/control/fault-spec.ts";
import { startCircle } from "../../sandbox/circle/start-circle.ts";
import { createCircleClient } from "../../src/circle/client.ts";
import { createCircleLane } from "../../src/circle/lane.ts";
import { createPacer } from "../../src/circle/pacer.ts";
import type { SdkWatch } from "../../src/circle/timed-sdk.ts";
import type { Lane } from "../../src/dispatch/rail.ts";
import { startPayingWorld } from "../rails/paying-world.ts";
import { QUICK } from "../sandbox/circle/circle-world.ts";

export const EXECUTIONS = "/developer/transactions/contractExecution";

interface LaneOptions {
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly entitySecret?: string;
  readonly callTimeoutMs?: number;
  readonly postsPerSecond?: number;
  readonly watch?: SdkWatch;
}

export type CircleLaneWorld = Awaited<ReturnType<typeof startCircleLaneWorld>>;

/** PayOnce on a chain, and an emulator of Circle that holds its operator's wallet. */
export async function startCircleLaneWorld() {
  const operatorKey = generatePrivateKey();
  const world = await startPayingWorld(operatorKey);
  const circle = await startCircle({
    rpcUrl: world.chain.rpcUrl,
    chainId: world.chain.chainId,
    wallets: [{ privateKey: operatorKey }],
    settings: QUICK,
    seed: 1,
  });
  const control = circleControl(circle.controlUrl);
  const [wallet] = circle.operatorWallets;
  if (!wallet) throw new Error("no wallet");
  const newClient = (options: LaneOptions = {}) =>
    createCircleClient({ ...circle, ...options }, options);
  return {
    ...world,
    circle,
    control,
    walletId: wallet.id,
    newClient,
    newLane: (options: LaneOptions = {}): Lane =>
      createCircleLane({
        client: newClient(options),
        wallets: [{ walletId: wallet.id, address: world.operator }],
        payOnce: world.payOnce,
        posts: createPacer(options.postsPerSecond ?? 1_000),
        gets: createPacer(1_000),
        log: pino({ level: "silent" }),
      }),
    /** Queues a fault for the POSTs of sends. */
    onPost: (fault: FaultSpec) =>
      control.inject({ ...fault, match: { ...fault.match, method: "POST", path: EXECUTIONS } }),
    /** Circle's transactions of a send, oldest first. */
    madeFor: async ({ id }: { readonly id: string }) =>
      (await control.transactions()).filter(({ refId }) => refId === id),
    async stop() {
      await circle.stop();
      await world.stop();
    },
  };
}
