import { afterAll, beforeAll, expect, test } from "vitest";
import { createFundsReader } from "../../src/arc/funds.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { createChainSampler } from "../../src/sampling/sample-chain.ts";
import type { Payer } from "../../src/sampling/watched-payers.ts";
import { startFakeNode } from "../arc/fake-node.ts";
import { SIGNAL, startArcWorld, type ArcWorld } from "../arc/arc-world.ts";
import { shownOf } from "../metrics/read-metric.ts";

let world: ArcWorld;
beforeAll(async () => {
  world = await startArcWorld();
});
afterAll(() => world.stop());

function samplerOf(rpc = world.rpc) {
  const metrics = createMetrics({ sloMs: 3_000 });
  const payers: Payer[] = [
    { payer: world.payer, token: world.token, currency: "USDC", demand: 0n, hasOpen: true },
  ];
  const funds = createFundsReader(rpc, world.payOnce);
  const operators = [world.operator];
  const sampler = createChainSampler({ rpc, funds, metrics, operators, payers: () => payers });
  return { metrics, look: () => sampler.sample(SIGNAL) };
}

test("the chain's height, an operator's gas with its floor, and what PayOnce could move for a payer, in whole units", async () => {
  const { metrics, look } = samplerOf();
  await look();
  const head = await world.readerAt().headNumber();
  expect(await shownOf(metrics, "payments_chain_head_block")).toBe(Number(head));
  expect(
    await shownOf(metrics, `payments_operator_gas_balance{operator="${world.operator}"}`),
  ).toBe(100);
  expect(await shownOf(metrics, "payments_operator_gas_minimum")).toBe(0.5);
  const funds = `payments_payer_funds{payer="${world.payer}",currency="USDC"}`;
  expect(await shownOf(metrics, funds)).toBe(1_000_000);
  await world.block(world.payer);
  await look();
  expect(await shownOf(metrics, funds)).toBe(0);
});

test("a head that stands still is not heard of again", async () => {
  const { metrics, look } = samplerOf();
  const heardAt = () => shownOf(metrics, "payments_chain_head_timestamp_seconds");
  await look();
  const first = await heardAt();
  expect(first).toBeGreaterThan(0);
  await look();
  expect(await heardAt()).toBe(first);
  await world.mine();
  await look();
  expect(await heardAt()).toBeGreaterThan(first ?? 0);
});

test("with every node away a look fails, what was shown stays, and it goes on by itself", async () => {
  await using node = await startFakeNode(world.chain.rpcUrl);
  const { metrics, look } = samplerOf(world.rpcAt(node.url));
  await look();
  const series = `payments_operator_gas_balance{operator="${world.operator}"}`;
  node.mishap = () => "reset";
  await expect(look()).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
  expect(await shownOf(metrics, series)).toBe(100);
  node.mishap = () => undefined;
  await look();
});
