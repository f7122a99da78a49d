import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const SANDBOX = new URL("../../sandbox/", import.meta.url);

/** What the owner's script may name without importing it. */
const PRELUDE = [
  ["process/spawn-part.ts", "spawnPart"],
  ["process/scratch-directory.ts", "scratchDirectory"],
  ["postgres/start-postgres.ts", "startPostgres"],
  ["kafka/start-kafka.ts", "startKafka"],
  ["registry/start-registry.ts", "startRegistry"],
  ["java/maven-cache.ts", "fetchByMaven"],
]
  .map(([file, name]) => `import { ${name} } from "${new URL(file ?? "", SANDBOX).href}";`)
  .join("\n");

interface Owner<T> {
  readonly reported: T;
  /** Sends the signal and waits until the owner itself is gone. */
  die(signal: NodeJS.Signals): Promise<void>;
}

/** Runs a script in a process of its own, so that a test can kill the owner of a part; it must call `report` once. */
export async function startOwner<T>(script: string): Promise<Owner<T>> {
  const source = `${PRELUDE}
    const report = (value) => console.log("reported " + JSON.stringify(value));
    ${script}
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith("reported ")) continue;
    return {
      reported: JSON.parse(line.slice("reported ".length)) as T,
      async die(signal) {
        child.kill(signal);
        await exited;
      },
    };
  }
  throw new Error("The owner ended without a report.");
}
