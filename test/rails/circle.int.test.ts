import { openWire } from "../faults/boxes/wire.ts";
import { startCircleLaneWorld } from "../circle/circle-lane-world.ts";
import { describeLane } from "./conformance.ts";

describeLane("circle", async () => {
  const world = await startCircleLaneWorld();
  const line = await openWire({ targetPort: Number(new URL(world.circle.baseUrl).port) });
  const baseUrl = `http://127.0.0.1:${line.port}`;
  return {
    ...world,
    line,
    newLane: () => world.newLane({ baseUrl, callTimeoutMs: 1_000 }),
    async stop() {
      await line[Symbol.asyncDispose]();
      await world.stop();
    },
  };
});
