import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { circleControl } from "../../../sandbox/circle/control-client.ts";
import type { CircleAddress } from "../../../sandbox/circle/control/serve-control.ts";
import { startCircle } from "../../../sandbox/circle/start-circle.ts";
import {
  clientOf,
  eventually,
  inside,
  QUICK,
  refusal,
  sdkOf,
  shown,
  startCircleWorld,
  transfer,
  transferOf,
  usdcOf,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld();
});
afterEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

/** Anvil's own methods, which viem's public client has no type for. */
function anvil(method: string, params: unknown[]) {
  return clientOf(world.chain).request({ method, params } as never);
}

/** Passes everything on to the chain, but cuts the connection instead of answering every other broadcast. */
async function startForgetfulNode(rpcUrl: string) {
  let broadcasts = 0;
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const answer = await fetch(rpcUrl, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const isBroadcast = body.includes("eth_sendRawTransaction");
      if (isBroadcast && broadcasts++ % 2 === 0) return request.socket.destroy();
      return response.end(await answer.text());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    broadcasts: () => broadcasts,
    close: () => server.close(),
  };
}

describe("a chain that is away", () => {
  it("is waited for, and then pays once with the next nonce", async () => {
    await shown(world, await transfer(world), "COMPLETE");
    await world.chain.server.down("SIGTERM");
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    await eventually(async () => (await inside(world, id)).states.length === 3);
    expect(["QUEUED", "CLEARED"]).toContain((await inside(world, id)).state);
    await world.chain.server.up();
    await shown(world, id, "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(1_000_000n);
  });

  it("that takes a broadcast and loses its answer gets the same bytes again, and pays once", async () => {
    const forgetful = await startForgetfulNode(world.chain.rpcUrl);
    const circle = await startCircle({
      rpcUrl: forgetful.rpcUrl,
      chainId: world.chain.chainId,
      settings: QUICK,
    });
    try {
      const [wallet] = circle.operatorWallets;
      if (wallet === undefined) throw new Error("no wallet");
      await world.chain.fund(wallet.address, { usdc: 10_000_000n, native: 10n ** 20n });
      const sdk = sdkOf(circle);
      const [first, second] = [transferOf(world), transferOf(world)];
      for (const order of [first, second]) {
        const { data } = await sdk.createTransaction({ ...order, walletId: wallet.id });
        await shown({ sdk }, data?.id ?? "", "COMPLETE");
        expect(await usdcOf(world, order.destinationAddress)).toBe(1_000_000n);
      }
      expect(forgetful.broadcasts()).toBeGreaterThanOrEqual(3);
    } finally {
      await circle.stop();
      forgetful.close();
    }
  });

  it("that loses a transaction from its pool gets it again", async () => {
    world.chain.pauseBlocks();
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    const { txHash } = await shown(world, id, "SENT");
    await anvil("anvil_dropTransaction", [txHash]);
    world.chain.resumeBlocks();
    await shown(world, id, "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(1_000_000n);
  });

  it("leaves an unmined transaction STUCK, and COMPLETE once it goes on", async () => {
    world.chain.pauseBlocks();
    await world.control.configure({ stuckAfterMs: 100 });
    const { data } = await world.sdk.createTransaction(transferOf(world));
    const id = data?.id ?? "";
    await shown(world, id, "STUCK");
    world.chain.resumeBlocks();
    await eventually(async () => (await inside(world, id)).state === "COMPLETE");
  });
});

describe("the emulator itself", () => {
  it("ends at once, cutting off whatever waits, and twice does no harm", async () => {
    const { rpcUrl, chainId } = world.chain;
    const circle = await startCircle({ rpcUrl, chainId, settings: QUICK });
    await circleControl(circle.controlUrl).inject({ kind: "hang", executed: false });
    const hanging = refusal(sdkOf(circle).listWallets());
    await eventually(async () => (await circleControl(circle.controlUrl).faults()).length === 0);
    await circle.stop();
    await circle.stop();
    expect(await hanging).toMatchObject({ code: "ECONNRESET" });
  });

  it("runs alone with given wallets and secrets, and says where it is in one line", async () => {
    const main = fileURLToPath(new URL("../../../sandbox/circle/main.ts", import.meta.url));
    const given = { id: world.circle.walletSetId, privateKey: `0x${"12".repeat(32)}` };
    const child = spawn(process.execPath, [main, "--wallets", `${given.id}=${given.privateKey}`], {
      env: {
        ...process.env,
        CIRCLE_EMULATOR_RPC_URL: world.chain.rpcUrl,
        CIRCLE_API_KEY: "TEST_API_KEY:a:b",
        CIRCLE_ENTITY_SECRET: "ab".repeat(32),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(createInterface(child.stdout), "line")) as [string];
      const address = JSON.parse(line) as CircleAddress;
      expect(address).toMatchObject({ apiKey: "TEST_API_KEY:a:b", operatorWallets: [given] });
      expect(await circleControl(address.controlUrl).address()).toEqual(address);
      const { data } = await sdkOf(address).createWalletSet({ name: "another" });
      expect(data?.walletSet).toMatchObject({ name: "another" });
    } finally {
      child.kill();
    }
    const [code] =
      child.exitCode === null ? ((await once(child, "exit")) as [number]) : [child.exitCode];
    expect(code).toBe(0);
  });
});
