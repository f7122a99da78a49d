import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { serveMetrics } from "../../src/http/serve-metrics.ts";
import { collectArrivals } from "../e2e/arrivals.ts";

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly port: number;
}

/** Serves on this port until the test ends, with what it logs. */
function serving(
  port: number,
  render = async () => ({ contentType: "text/plain", text: "up 1\n" }),
) {
  const lines = collectArrivals<Line>();
  const log = pino({}, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  serveMetrics({ log, render }, port, stopping.signal);
  return { lines, stop: () => stopping.abort() };
}

test("on port 0 any free one serves the metrics, and the log says which, until it is stopped", async () => {
  const { lines, stop } = serving(0);
  const { port } = await lines.next("the port", ({ msg }) => msg === "metrics are served");
  const url = `http://127.0.0.1:${port}`;
  expect(await (await fetch(`${url}/metrics`)).text()).toBe("up 1\n");
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
  stop();
  await expect(fetch(`${url}/metrics`)).rejects.toThrow();
});

test("a port in use is one clear error, and nothing else", async () => {
  const holder = createServer().listen(0);
  onTestFinished(() => void holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { lines } = serving(port);
  const line = await lines.next("the error", ({ level }) => level === 50);
  expect(line).toMatchObject({ port, msg: expect.stringContaining("METRICS_PORT") });
});

test("metrics that cannot be made answer 500, and the next scrape is served again", async () => {
  let broken = true;
  const { lines } = serving(0, async () => {
    if (broken) throw new Error("a bad number");
    return { contentType: "text/plain", text: "up 1\n" };
  });
  const { port } = await lines.next("the port", ({ msg }) => msg === "metrics are served");
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(500);
  broken = false;
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
});
