import { pino } from "pino";
import { generatePrivateKey } from "viem/accounts";
import { createArcLane } from "../../src/arc/lane.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { localSigner } from "../../src/arc/signer.ts";
import { openWire } from "../faults/boxes/wire.ts";
import { describeLane } from "./conformance.ts";
import { startPayingWorld } from "./paying-world.ts";

describeLane("arc", async () => {
  const key = generatePrivateKey();
  const world = await startPayingWorld(key);
  const line = await openWire({ targetPort: Number(new URL(world.chain.rpcUrl).port) });
  const { payOnce, chain } = world;
  const log = pino({ level: "silent" });
  return {
    ...world,
    line,
    newLane() {
      const rpc = createRpc({
        urls: [`http://127.0.0.1:${line.port}`],
        timeoutMs: 1_000,
        rounds: 1,
      });
      const signer = localSigner(key);
      return createArcLane(
        { rpc, log, signer, chainId: chain.chainId, payOnce },
        { maxInFlight: 12 },
      );
    },
    async stop() {
      await line[Symbol.asyncDispose]();
      await world.stop();
    },
  };
});
