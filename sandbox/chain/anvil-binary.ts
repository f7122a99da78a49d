import { createRequire } from "node:module";
import { join } from "node:path";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The anvil program itself, not npm's launcher: a signal to a launcher would leave the real process behind. */
export function anvilBinary(): string {
  const platform = `${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;
  const launcher = createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json");
  const { resolve } = createRequire(launcher);
  try {
    return join(resolve(`@foundry-rs/anvil-${platform}/package.json`), "../bin/anvil");
  } catch (cause) {
    throw new Error(`anvil has no package for ${platform}; run npm ci on a supported machine`, {
      cause,
    });
  }
}
