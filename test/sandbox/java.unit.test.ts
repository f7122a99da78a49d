import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { startOwner } from "./start-owner.ts";

let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), "fake-bin-"));
  vi.resetModules();
  vi.stubEnv("JAVA_HOME", "");
  vi.stubEnv("XDG_CACHE_HOME", join(bin, "cache"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(bin, { recursive: true, force: true });
});

test("a machine without Java is told which one to install", async () => {
  vi.stubEnv("PATH", bin);
  const { findJava } = await import("../../sandbox/java/find-java.ts");
  await expect(findJava()).rejects.toThrow(/No usable Java on the PATH .*Install a JDK or JRE 17/);
});

test("a Java that is too old is named with its version", async () => {
  await fake("java", `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
  vi.stubEnv("PATH", `${bin}:/bin:/usr/bin`);
  const { findJava } = await import("../../sandbox/java/find-java.ts");
  await expect(findJava()).rejects.toThrow(/too old: openjdk version "11.0.2"/);
});

test("a JAVA_HOME without a Java in it is not passed over in silence", async () => {
  await mkdir(join(bin, "empty"));
  vi.stubEnv("JAVA_HOME", join(bin, "empty"));
  const { findJava } = await import("../../sandbox/java/find-java.ts");
  await expect(findJava()).rejects.toThrow(/No usable Java in JAVA_HOME .*empty/);
});

test("a machine without Maven is told what it is needed for", async () => {
  vi.stubEnv("PATH", bin);
  const { fetchByMaven } = await import("../../sandbox/java/maven-cache.ts");
  await expect(fetchByMaven(widget)).rejects.toThrow(/Widget comes by Maven, and there is no mvn/);
});

test("a download that fails half-way leaves nothing that looks whole", async () => {
  await fake("mvn", `mkdir made; echo part > made/a.jar; echo 'No space left' >&2; exit 1`);
  vi.stubEnv("PATH", `${bin}:/bin:/usr/bin`);
  const { fetchByMaven } = await import("../../sandbox/java/maven-cache.ts");
  await expect(fetchByMaven(widget)).rejects.toThrow(/fetching widget-1, failed[^]*No space left/);
  await fake("mvn", `mkdir made; echo whole > made/a.jar`);
  const folder = await fetchByMaven(widget);
  expect(await readFile(join(folder, "a.jar"), "utf8")).toBe("whole\n");
  expect(await readdir(join(folder, ".."))).toEqual(["widget-1"]);
});

test("two that want the same at once download it once, and both get it whole", async () => {
  await fake("mvn", `echo run >> ${bin}/runs; mkdir made; sleep 0.2; echo whole > made/a.jar`);
  vi.stubEnv("PATH", `${bin}:/bin:/usr/bin`);
  const { fetchByMaven } = await import("../../sandbox/java/maven-cache.ts");
  const [one, two] = await Promise.all([fetchByMaven(widget), fetchByMaven(widget)]);
  expect(one).toBe(two);
  expect(await readdir(one)).toEqual(["a.jar"]);
  expect(await readdir(join(one, ".."))).toEqual(["widget-1"]);
  expect(await readFile(join(bin, "runs"), "utf8")).toBe("run\n");
});

test("when the one who downloads is killed -9, the next in line downloads", async () => {
  await fake("mvn", `echo $$ > ${bin}/first; sleep 60`);
  vi.stubEnv("PATH", `${bin}:/bin:/usr/bin`);
  const owner = await startOwner<boolean>(`
    const { existsSync } = await import("node:fs");
    fetchByMaven(${JSON.stringify({ ...widget, goalArgs: undefined }).slice(
      0,
      -1,
    )}, "goalArgs": () => [] });
    while (!existsSync("${bin}/first")) await new Promise((resolve) => setTimeout(resolve, 10));
    report(true);`);
  await fake("mvn", `mkdir made; echo whole > made/a.jar`);
  const { fetchByMaven } = await import("../../sandbox/java/maven-cache.ts");
  const waiting = fetchByMaven(widget);
  await owner.die("SIGKILL");
  expect(await readdir(await waiting)).toEqual(["a.jar"]);
  expect(await readdir(join(await waiting, ".."))).toEqual(["widget-1"]);
});

const widget = {
  folder: "widget-1",
  title: "Widget",
  goal: "unpack" as const,
  goalArgs: () => [],
};

async function fake(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}
