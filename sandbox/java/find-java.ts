import { createHash } from "node:crypto";
import { join } from "node:path";

import { runCommand } from "../process/run-command.ts";

const JAVA_MAJOR_MIN = 17;
const VERSION_TIMEOUT_MS = 20_000;
const ADVICE = `Install a JDK or JRE ${JAVA_MAJOR_MIN} or newer (Debian: apt-get install default-jre-headless), or use SANDBOX=containers.`;

export interface Java {
  readonly command: string;
  /** Differs between any two Java builds: what was recorded for one is of no use to another. */
  readonly buildId: string;
}

let found: Promise<Java> | undefined;

/** The Java of JAVA_HOME or of the PATH, once it has shown that it is new enough. */
export function findJava(): Promise<Java> {
  found ??= askVersion();
  return found;
}

/** Memory and compiler settings that suit short runs on few cores. */
export function jvmFlags(heapMb: number): string[] {
  return [`-Xmx${heapMb}m`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
}

async function askVersion(): Promise<Java> {
  const home = process.env["JAVA_HOME"];
  const command = home ? join(home, "bin", "java") : "java";
  const asked = { name: "java", command, args: ["-version"] };
  const answer = await runCommand(asked, VERSION_TIMEOUT_MS).catch((cause: unknown) => {
    const where = home ? "in JAVA_HOME" : "on the PATH";
    throw new Error(`No usable Java ${where} (${command}). ${ADVICE}`, { cause });
  });
  const major = Number(/version "(\d+)/.exec(answer)?.[1]);
  if (!(major >= JAVA_MAJOR_MIN)) {
    throw new Error(`${command} is too old: ${answer.split("\n")[0]}. ${ADVICE}`);
  }
  return { command, buildId: createHash("sha256").update(answer).digest("hex").slice(0, 12) };
}
