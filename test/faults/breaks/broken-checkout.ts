import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Edit } from "./break.ts";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A copy of the sources that may be broken; its packages are the original's. */
export interface Checkout extends AsyncDisposable {
  readonly directory: string;
}

/** Copies what git knows of this checkout, uncommitted changes included, and applies the edits. */
export async function brokenCheckout(edits: readonly Edit[]): Promise<Checkout> {
  const directory = await mkdtemp(join(tmpdir(), "gigstream-break-"));
  const checkout: Checkout = {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
  try {
    const listed = execFileSync("git", ["ls-files", "-z", "-c", "-o", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of listed.split("\0").filter((name) => name !== "")) {
      await mkdir(join(directory, dirname(file)), { recursive: true });
      await cp(join(ROOT, file), join(directory, file));
    }
    await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
    for (const edit of edits) await apply(directory, edit);
    return checkout;
  } catch (error) {
    await checkout[Symbol.asyncDispose]();
    throw error;
  }
}

async function apply(directory: string, { file, find, replace }: Edit): Promise<void> {
  const path = join(directory, file);
  const [before, after, ...more] = (await readFile(path, "utf8")).split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${file} does not hold this exactly once any more: ${find}`);
  }
  await writeFile(path, before + replace + after);
}
