import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify, parseEnv } from "node:util";

import { createPublicClient, erc20Abi, http } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";

import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.ts";
import { loadConfig } from "../../src/config.ts";
import { eventually, isAlive } from "./process-census.ts";

const MAIN = fileURLToPath(new URL("../../sandbox/main.ts", import.meta.url));

let sandboxes: Sandbox[] = [];

beforeAll(async () => {
  sandboxes = await Promise.all([startSandbox({ fsync: false }), startSandbox({ fsync: false })]);
});

afterAll(async () => {
  await Promise.all(sandboxes.map((sandbox) => sandbox.stop()));
});

function sandbox(): Sandbox {
  const [first] = sandboxes;
  if (first === undefined) throw new Error("The sandbox did not start.");
  return first;
}

test("two sandboxes side by side share no address", () => {
  const addresses = sandboxes.map(({ databaseUrl, kafka, registry, chain, circle }) => [
    databaseUrl,
    kafka.brokers.join(","),
    registry.url,
    chain.rpcUrl,
    circle.baseUrl,
  ]);
  const all = addresses.flat();
  expect(new Set(all).size).toBe(all.length);
});

test.each(["circle", "arc"] as const)("the settings for %s are whole and valid", (rail) => {
  const settings = sandbox().settings(rail);
  const config = loadConfig({ ...settings, NODE_ENV: "production" });
  expect(config.railSettings.rail).toBe(rail);
  expect(config.PAY_ONCE_ADDRESS.toLowerCase()).toBe(sandbox().payOnce.toLowerCase());
});

test("every operator may pay, and every treasury can be paid from", async () => {
  const { chain, circle, payOnce, treasuries, arcOperators } = sandbox();
  const client = createPublicClient({ transport: http(chain.rpcUrl) });
  for (const { address } of [...circle.operatorWallets, ...arcOperators]) {
    const operators = { address: payOnce, abi: payOnceAbi, functionName: "operators" } as const;
    expect(await client.readContract({ ...operators, args: [address] })).toBe(true);
    expect(await client.getBalance({ address })).toBeGreaterThan(10n ** 18n);
  }
  expect(treasuries.length).toBe(2);
  for (const { address: owner } of treasuries) {
    for (const address of Object.values(chain.tokens)) {
      const token = { address, abi: erc20Abi } as const;
      const balance = await client.readContract({
        ...token,
        functionName: "balanceOf",
        args: [owner],
      });
      const allowance = await client.readContract({
        ...token,
        functionName: "allowance",
        args: [owner, payOnce],
      });
      expect(balance).toBeGreaterThan(0n);
      expect(allowance).toBeGreaterThan(0n);
    }
  }
});

test("a sandbox that cannot start all of its parts stops the others and says which one failed", async () => {
  const before = await descendants();
  const failing = startSandbox({ fsync: false, circle: { stuckAfterMs: -1 } });
  await expect(failing).rejects.toThrow(/circle ended before it was ready/);
  expect(await descendants()).toEqual(before);
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "npm run sandbox prints its addresses, writes the settings, and leaves nothing after %s",
  async (signal) => {
    const home = await mkdtemp(join(tmpdir(), "sandbox-main-"));
    await chmod(home, 0o755);
    const envFile = join(home, "env");
    try {
      const child = spawn(process.execPath, [MAIN, "--rail", "arc", "--write-env", envFile], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, TMPDIR: home },
      });
      const exited = once(child, "exit");
      const [line] = await Promise.race([once(createInterface(child.stdout), "line"), exited]);
      const addresses = JSON.parse(line) as { databaseUrl: string; envFile: string };
      const settings = parseEnv(await readFile(envFile, "utf8"));
      expect(addresses).toMatchObject({
        rail: "arc",
        envFile,
        databaseUrl: settings["DATABASE_MIGRATION_URL"],
      });
      loadConfig(settings);

      const pids = await descendants(child.pid);
      expect(pids.length).toBeGreaterThanOrEqual(5);
      child.kill(signal);
      await exited;
      for (const pid of pids)
        expect(await eventually(async () => !(await isAlive(pid)))).toBe(true);
      const left = () => promisify(execFile)("ls", [home]).then(({ stdout }) => stdout.trim());
      const expected = signal === "SIGINT" ? "" : "env";
      expect(await eventually(async () => (await left()) === expected)).toBe(true);
      expect(existsSync(envFile)).toBe(signal === "SIGKILL");
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);

test("a wrong argument is refused before anything starts", async () => {
  const failing = promisify(execFile)(process.execPath, [MAIN, "--rail", "swift"]);
  await expect(failing).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/neither circle nor arc/),
  });
});

/** Every process below this one, or below another. */
async function descendants(root = process.pid): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,comm="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  const below = (parent: number): number[] =>
    rows
      .filter(([, ppid, command]) => Number(ppid) === parent && command !== "ps")
      .flatMap(([pid]) => [Number(pid), ...below(Number(pid))]);
  return below(root);
}
