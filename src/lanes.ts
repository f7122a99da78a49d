import { createArcLane } from "./arc/lane.ts";
import type { Rpc } from "./arc/rpc.ts";
import { localSigner } from "./arc/signer.ts";
import { createAccountWallets } from "./circle/account-wallets.ts";
import { createCircleClient } from "./circle/client.ts";
import { createCircleLane } from "./circle/lane.ts";
import { createNotificationKeys, type NotificationKeys } from "./circle/notification-keys.ts";
import { readOperatorWallets } from "./circle/operator-wallets.ts";
import { createPacer } from "./circle/pacer.ts";
import { createTransferLane } from "./circle/transfer-lane.ts";
import type { Config } from "./config.ts";
import type { Lane } from "./dispatch/rail.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics/create-metrics.ts";
import { timeCalls } from "./metrics/time-calls.ts";

/** Circle's name of an Arc chain. */
export function circleBlockchain(chainId: number): string {
  return chainId === 5042 ? "ARC" : "ARC-TESTNET";
}

/** What payments leave by. */
export interface Road {
  readonly lanes: readonly Lane[];
  /** Null: this deployment does not pay through Circle. */
  readonly notificationKeys: NotificationKeys | null;
}

/**
 * The lanes of the configured rail. Circle's wallets are looked up, so this throws CIRCLE_UNAVAILABLE (retry) while
 * Circle is away.
 */
export async function createLanes(
  deps: { config: Config; rpc: Rpc; log: Logger; metrics: Metrics },
  signal: AbortSignal,
): Promise<Road> {
  const { config, rpc, log, metrics } = deps;
  const { railSettings: rail, ARC_CHAIN_ID: chainId, PAY_ONCE_ADDRESS: payOnce } = config;
  switch (rail.rail) {
    case "arc":
      return {
        lanes: rail.ARC_OPERATOR_PRIVATE_KEYS.map((key) =>
          createArcLane(
            { rpc, log, signer: localSigner(key), chainId, payOnce },
            { maxInFlight: rail.ARC_MAX_IN_FLIGHT },
          ),
        ),
        notificationKeys: null,
      };
    case "circle": {
      const settings = {
        apiKey: rail.CIRCLE_API_KEY,
        entitySecret: rail.CIRCLE_ENTITY_SECRET,
        baseUrl: rail.CIRCLE_BASE_URL,
      };
      const onThrottled = () => metrics.throttled.add({});
      const watch = { timeCall: timeCalls(metrics, "circle"), onThrottled };
      const client = createCircleClient(settings, { watch });
      const pacer = (limit: "post" | "get", perSecond: number) =>
        createPacer(perSecond, {
          onTurn: (waitedMs) => metrics.limiterWait.observe({ limit }, waitedMs / 1_000),
        });
      const posts = pacer("post", rail.CIRCLE_POSTS_PER_SECOND);
      const gets = pacer("get", rail.CIRCLE_GETS_PER_SECOND);
      const notificationKeys = createNotificationKeys({ client, gets, log });
      const blockchain = circleBlockchain(chainId);
      if (config.PAYMENT_METHOD === "transfer") {
        const wallets = createAccountWallets({ client, gets, log, blockchain });
        await wallets.load(signal);
        const lane = createTransferLane({ client, wallets, posts, gets, log });
        return { lanes: [lane], notificationKeys };
      }
      const walletIds = rail.CIRCLE_OPERATOR_WALLET_IDS;
      const wallets = await readOperatorWallets(client, walletIds, blockchain, signal);
      const lane = createCircleLane({ client, wallets, payOnce, posts, gets, log });
      return { lanes: [lane], notificationKeys };
    }
  }
}
