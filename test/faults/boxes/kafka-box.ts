import { setTimeout as delay } from "node:timers/promises";
import { createArming, type Armed, type Arming } from "./armed.ts";
import { API, followFrames, heartbeatError, readdress } from "./kafka-messages.ts";
import { openWire, type Line, type Tap, type Wire } from "./wire.ts";

/** What becomes of a Produce request and its answer. */
export interface ProduceStrike {
  /**
   * - `before`: the connection breaks before the broker sees it, nothing is appended;
   * - `unanswered`: appended, and the connection breaks instead of the answer;
   * - `late`: appended, and answered only after `holdMs`, on a connection that stays open.
   */
  readonly at: "before" | "unanswered" | "late";
  readonly holdMs?: number;
  readonly times: number;
}

/** A wire to the broker that understands frames, and keeps its clients on it: the broker names itself by the box's address. */
export interface KafkaBox extends Pick<Wire, "cut" | "refuse" | "mend" | "slow" | "disturbed"> {
  readonly brokers: readonly string[];
  strikeProduce(strike: ProduceStrike): Armed;
  /** How often a member was told that its group is rebalancing. */
  rebalancesTold(): number;
  /** How many requests of that API key came through. */
  requestsSeen(api: number): number;
}

/** NOT_COORDINATOR and its like mean a broker that starts; this one means another member that comes or goes. */
const REBALANCE_IN_PROGRESS = 27;

interface State {
  readonly strikes: Arming<ProduceStrike>;
  readonly seen: Map<number, number>;
  rebalancesTold: number;
}

export async function openKafkaBox(brokerPort: number): Promise<KafkaBox & AsyncDisposable> {
  const state: State = { strikes: createArming(), seen: new Map(), rebalancesTold: 0 };
  const wire: Wire = await openWire({
    targetPort: brokerPort,
    tap: (line) => tapConnection(line, state, { from: brokerPort, to: () => wire.port }),
  });
  return {
    ...wire,
    brokers: [`127.0.0.1:${wire.port}`],
    strikeProduce: state.strikes.arm,
    rebalancesTold: () => state.rebalancesTold,
    requestsSeen: (api) => state.seen.get(api) ?? 0,
  };
}

function tapConnection(
  line: Line,
  state: State,
  ports: { readonly from: number; readonly to: () => number },
): Tap {
  const frames = followFrames();
  const struck = new Map<number, ProduceStrike>();
  return {
    fromClient(chunk) {
      for (const { bytes, api, correlationId } of frames.requests(chunk)) {
        state.seen.set(api, (state.seen.get(api) ?? 0) + 1);
        const strike = api === API.produce ? state.strikes.take(() => true) : undefined;
        if (strike?.at === "before") return line.cut();
        if (strike) struck.set(correlationId, strike);
        line.toServer(bytes);
      }
    },
    fromServer(chunk) {
      for (const response of frames.responses(chunk)) {
        const { bytes, api } = response;
        const strike = struck.get(bytes.readInt32BE(4));
        if (strike?.at === "unanswered") return line.cut();
        if (api === API.heartbeat && heartbeatError(response) === REBALANCE_IN_PROGRESS) {
          state.rebalancesTold += 1;
        }
        const namesBroker = api === API.metadata || api === API.findCoordinator;
        const answer = namesBroker ? readdress(bytes, ports.from, ports.to()) : bytes;
        if (strike?.at === "late") {
          void delay(strike.holdMs ?? 0).then(() => line.toClient(answer));
        } else {
          line.toClient(answer);
        }
      }
    },
  };
}
