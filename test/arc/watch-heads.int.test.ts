import { afterAll, beforeAll, expect, test } from "vitest";
import { createChainReader } from "../../src/arc/chain-reader.ts";
import type { Rpc } from "../../src/arc/rpc.ts";
import type { HeadWatchOptions } from "../../src/arc/watch-heads.ts";
import { startArcWorld, type ArcWorld } from "./arc-world.ts";
import { startFakeNode } from "./fake-node.ts";
import { openWire } from "../faults/boxes/wire.ts";

let world: ArcWorld;
beforeAll(async () => {
  world = await startArcWorld();
});
afterAll(() => world.stop());

const portOf = (url: string) => Number(new URL(url).port);

/** Watches until disposed; `reached` resolves when a head at or above the number was reported. */
function watch(rpc: Rpc, options: HeadWatchOptions) {
  const stop = new AbortController();
  const heads: bigint[] = [];
  const waiting = new Set<() => void>();
  const reader = createChainReader(
    { rpc, payOnce: world.payOnce, onStray: () => undefined },
    options,
  );
  reader.watchHeads((number) => {
    heads.push(number);
    for (const check of waiting) check();
  }, stop.signal);
  return {
    reader,
    heads,
    reached: (number: bigint) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!heads.some((head) => head >= number)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    [Symbol.dispose]: () => stop.abort(),
  };
}

/** Makes blocks until `done`, as a chain does: one block alone may fall between a connection and its subscription. */
async function mineUntil(done: Promise<void>): Promise<void> {
  const over = new AbortController();
  const ended = done.then(() => over.abort());
  while (!over.signal.aborted) {
    await world.mine();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

const next = async (steps = 1n) => (await world.readerAt().headNumber()) + steps;

test("a subscription alone brings heads, and their headers with them", async () => {
  await using node = await startFakeNode();
  node.mishap = () => ({ status: 503, body: "" });
  using watched = watch(world.rpcAt(node.url), { wsUrl: world.chain.wsUrl });
  await mineUntil(watched.reached(await next()));
  const number = watched.heads.at(-1) ?? 0n;
  expect(await watched.reader.header(number)).toMatchObject(await world.readerAt().header(number));
});

test("a subscription that falls silent is replaced by polling, and by a new one once the line is back", async () => {
  await using tap = await openWire({ targetPort: portOf(world.chain.wsUrl) });
  await using node = await startFakeNode(world.chain.rpcUrl);
  const options = { wsUrl: `ws://127.0.0.1:${tap.port}`, silenceMs: 300, pollMs: 20 };
  using watched = watch(world.rpcAt(node.url), options);
  await mineUntil(watched.reached(await next(2n)));

  tap.silence(true);
  const silent = await next();
  await mineUntil(watched.reached(silent));

  // Now only a subscription can bring heads.
  node.mishap = () => ({ status: 503, body: "" });
  const before = tap.connections();
  tap.silence(false);
  await mineUntil(watched.reached(await next(3n)));
  expect(tap.connections()).toBeGreaterThan(before);
});

test("a subscription that breaks off is made again", async () => {
  await using tap = await openWire({ targetPort: portOf(world.chain.wsUrl) });
  await using node = await startFakeNode();
  node.mishap = () => ({ status: 503, body: "" });
  const options = { wsUrl: `ws://127.0.0.1:${tap.port}`, silenceMs: 60_000 };
  using watched = watch(world.rpcAt(node.url), options);
  await mineUntil(watched.reached(await next()));
  tap.cut();
  await mineUntil(watched.reached(await next(2n)));
  expect(tap.connections()).toBe(2);
});

test("without a subscription heads are polled, through a node's outage", async () => {
  await using node = await startFakeNode(world.chain.rpcUrl);
  using watched = watch(world.rpcAt(node.url), { pollMs: 10 });
  await mineUntil(watched.reached(await next()));
  node.mishap = () => "reset";
  await world.mine(2);
  node.mishap = () => undefined;
  await watched.reached(await next(0n));
});

test("a node whose head stands still is left for another", async () => {
  await using frozen = await startFakeNode(world.chain.rpcUrl);
  const head = await next(0n);
  frozen.say = ({ method }) =>
    method === "eth_blockNumber" ? { result: `0x${head.toString(16)}` } : "ask";
  using watched = watch(world.rpcAt(frozen.url, world.chain.rpcUrl), { pollMs: 10, frozenMs: 100 });
  await mineUntil(watched.reached(head + 1n));
  expect(watched.heads.at(-1)).toBeGreaterThan(head);
});
