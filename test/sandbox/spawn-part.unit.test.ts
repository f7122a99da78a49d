import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { freePort, onFreePort } from "../../sandbox/process/free-port.ts";
import { scratchDirectory } from "../../sandbox/process/scratch-directory.ts";
import { spawnPart } from "../../sandbox/process/spawn-part.ts";
import { eventually, isAlive } from "./process-census.ts";
import { startOwner } from "./start-owner.ts";

const shell = (name: string, script: string) => ({
  name,
  command: "/bin/sh",
  args: ["-c", script],
  timeoutMs: 10_000,
});
const readyLine = { line: /^ready$/ };

test("a part is ready only once its line has come, and stop ends it", async () => {
  const part = await spawnPart({
    ...shell("clock", "echo starting; echo ready; exec sleep 60"),
    ready: readyLine,
  });
  expect(part.logTail()).toContain("starting");
  expect(await isAlive(part.pid)).toBe(true);
  await part.stop();
  expect(await isAlive(part.pid)).toBe(false);
  expect(await part.exited).toEqual({ signal: "SIGTERM" });
});

test("stop asks with the signal it was given", async () => {
  const part = await spawnPart({
    ...shell("polite", "trap 'exit 7' USR1; echo ready; while :; do sleep 0.05; done"),
    ready: readyLine,
  });
  await part.stop("SIGUSR1");
  expect(await part.exited).toEqual({ code: 7 });
});

test("nothing that a part started outlives it", async () => {
  const part = await spawnPart({
    ...shell("parent", "sleep 60 & echo child $!; echo ready; wait"),
    ready: readyLine,
  });
  const child = Number(/child (\d+)/.exec(part.logTail())?.[1]);
  expect(await isAlive(child)).toBe(true);
  process.kill(part.pid, "SIGKILL");
  expect(await part.exited).toEqual({ signal: "SIGKILL" });
  expect(await eventually(async () => !(await isAlive(child)))).toBe(true);
});

test("a part that ends too early says its name, its exit and its last words", async () => {
  const failing = spawnPart({
    ...shell("broken", "echo the disk is on fire >&2; exit 3"),
    ready: readyLine,
  });
  await expect(failing).rejects.toThrow(
    /broken ended before it was ready \(exit 3\)\n.*the disk is on fire/,
  );
});

test("a command that does not exist is named", async () => {
  const failing = spawnPart({
    name: "registry",
    command: "no-such-java",
    args: [],
    ready: readyLine,
    timeoutMs: 10_000,
  });
  await expect(failing).rejects.toThrow(/registry ended .*exit 127.*\n.*no-such-java: not found/);
});

test("a directory that does not exist is named, and does not hang the start", async () => {
  const failing = spawnPart({
    ...shell("lost", "echo ready"),
    cwd: "/no/such/place",
    ready: readyLine,
  });
  await expect(failing).rejects.toThrow(/lost ended before it was ready \(spawn .*ENOENT/);
});

test("a part that never gets ready is killed and says so", async () => {
  const failing = spawnPart({
    ...shell("slow", "echo pid $$; exec sleep 60"),
    timeoutMs: 300,
    ready: readyLine,
  });
  const error = await failing.catch((error: unknown) => error);
  expect(String(error)).toMatch(/slow was not ready within 300 ms/);
  const pid = Number(/pid (\d+)/.exec(String(error))?.[1]);
  expect(await isAlive(pid)).toBe(false);
});

test("an aborted start ends the part", async () => {
  const stopping = new AbortController();
  const failing = spawnPart({
    ...shell("unwanted", "exec sleep 60"),
    ready: { port: await freePort() },
    signal: stopping.signal,
  });
  stopping.abort();
  await expect(failing).rejects.toThrow(/unwanted was stopped while it started/);
});

test("a port taken by another process is exchanged for a free one, a bounded number of times", async () => {
  const ports: number[] = [];
  const started = onFreePort(async (port) => {
    if (ports.push(port) < 3) throw new Error("listen EADDRINUSE");
    return port;
  });
  expect(await started).toBe(ports[2]);
  expect(new Set(ports).size).toBe(3);
  const hopeless = onFreePort(() => Promise.reject(new Error("Address already in use")));
  await expect(hopeless).rejects.toThrow("Address already in use");
  const otherwise = onFreePort(() => Promise.reject(new Error("disk full")));
  await expect(otherwise).rejects.toThrow("disk full");
});

test("a scratch directory stays while a part holds it and goes with the last one", async () => {
  const scratch = await scratchDirectory("test");
  await writeFile(join(scratch.path, "file"), "data");
  const part = await spawnPart({
    ...shell("holder", "echo ready; exec sleep 60"),
    ready: readyLine,
    scratch,
  });
  let removed = false;
  const removal = scratch.remove().then(() => (removed = true));
  expect(await isAlive(part.pid)).toBe(true);
  expect(removed).toBe(false);
  expect(existsSync(join(scratch.path, "file"))).toBe(true);
  await part.stop();
  await removal;
  expect(existsSync(scratch.path)).toBe(false);
});

test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
  "an owner that dies by %s takes its parts, their children and its directories along",
  async (signal) => {
    const owner = await startOwner<{ pids: number[]; paths: string[] }>(`
      const scratch = await scratchDirectory("test");
      const part = await spawnPart({ name: "orphan", command: "/bin/sh", scratch, timeoutMs: 10000,
        args: ["-c", "trap '' TERM; sleep 60 & echo child $!; echo ready; wait; sleep 60"], ready: { line: /ready/ } });
      report({ pids: [part.pid, Number(/child (\\d+)/.exec(part.logTail())[1])], paths: [scratch.path] });
    `);
    const { pids, paths } = owner.reported;
    expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => true));
    await owner.die(signal);
    for (const pid of pids) expect(await eventually(async () => !(await isAlive(pid)))).toBe(true);
    for (const path of paths) expect(await eventually(async () => !existsSync(path))).toBe(true);
  },
);
