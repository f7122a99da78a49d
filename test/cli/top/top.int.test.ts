import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMetrics } from "../../../src/metrics/create-metrics.ts";

const GIGPAY = fileURLToPath(new URL("../../../src/cli/gigpay.ts", import.meta.url));
const TIMEOUT_MS = 50_000;

const metrics = createMetrics({ sloMs: 3_000 });
const server = createServer((_, response) => {
  void metrics.render("text/plain").then(({ text }) => response.end(text));
});
let port: number;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

/** `enough` frames are waited for, then Ctrl-C is pressed. */
function top(args: readonly string[], env: Record<string, string>, enough?: RegExp): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: TIMEOUT_MS };
    const child = execFile(process.execPath, [GIGPAY, "top", ...args], options, (_, stdout) =>
      resolve({ code: child.exitCode, stdout }),
    );
    let seen = "";
    child.stdout?.on("data", (text: string) => {
      seen += text;
      if (enough?.test(seen)) child.kill("SIGINT");
    });
  });
}

test("one frame of the service that these settings would start, as one document", async () => {
  const { code, stdout } = await top(["--once", "--json"], {
    METRICS_PORT: String(port),
  });
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({
    instances: [{ url: `http://127.0.0.1:${port}/metrics`, problem: null }],
    window: { since: "start" },
    latency: { threshold: 3, share: null },
    paused: { everything: false },
  });
});

test("no instance: exit 4 and no claim", async () => {
  const { code, stdout } = await top(["--once", "--url", "http://127.0.0.1:1"], {});
  expect(code).toBe(4);
  expect(stdout).toContain("nothing is known");
});

test("without a terminal frames follow one another without control codes, until Ctrl-C", async () => {
  const url = `http://127.0.0.1:${port}`;
  const enough = /since start[^]*last \d/;
  const { code, stdout } = await top(["--every", "1", "--url", url], {}, enough);
  expect(code).toBe(0);
  expect(stdout).toMatch(enough);
  expect(stdout).not.toContain("\u001B");
});
