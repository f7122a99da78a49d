import { expect, test } from "vitest";
import { timedRpc } from "../../src/arc/timed-rpc.ts";
import type { Rpc } from "../../src/arc/rpc.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { timeCalls } from "../../src/metrics/time-calls.ts";
import { allOf } from "./read-metric.ts";

const COUNT = "payments_dependency_request_duration_seconds_count";

test("a call is measured as what came of it, and its answer or error goes on to whoever asked", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const timeCall = timeCalls(metrics, "kafka");
  expect(await timeCall("produce", async () => "taken")).toBe("taken");
  await expect(timeCall("produce", () => Promise.reject(new Error("away")))).rejects.toThrow(
    "away",
  );
  expect(await allOf(metrics, COUNT)).toEqual({
    '{dependency="kafka",operation="produce",result="ok"}': 1,
    '{dependency="kafka",operation="produce",result="error"}': 1,
  });
});

test("requests to the chain are measured by their method, several together as a batch", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const node: Rpc = { ask: async (calls) => calls.map(() => ({ result: "0x1" })), distrust() {} };
  const rpc = timedRpc(node, timeCalls(metrics, "chain"));
  const height = { method: "eth_blockNumber", params: [] };
  const balance = { method: "eth_getBalance", params: ["0x", "latest"] };
  await rpc.ask([height]);
  await rpc.ask([balance, balance]);
  await rpc.ask([height, balance]);
  expect(await allOf(metrics, COUNT)).toEqual({
    '{dependency="chain",operation="eth_blockNumber",result="ok"}': 1,
    '{dependency="chain",operation="eth_getBalance",result="ok"}': 1,
    '{dependency="chain",operation="batch",result="ok"}': 1,
  });
});
