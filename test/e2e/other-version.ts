import { cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scratchDirectory } from "../../sandbox/process/scratch-directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface OtherVersion extends AsyncDisposable {
  /** Its `gigpay.ts`. */
  readonly program: string;
}

/**
 * Another version of this service, in a directory of its own: this code with other migrations, which is all that a database
 * sees of a version. `without` so many of the last ones, `adding` some.
 */
export async function otherVersion(migrations: {
  readonly without?: number;
  readonly adding?: Readonly<Record<string, string>>;
}): Promise<OtherVersion> {
  const scratch = await scratchDirectory("version");
  await cp(join(ROOT, "src"), join(scratch.path, "src"), { recursive: true });
  for (const name of ["contracts", "schemas", "node_modules", "package.json"]) {
    await symlink(join(ROOT, name), join(scratch.path, name));
  }
  const directory = join(scratch.path, "src/database/migrations");
  await mkdir(directory, { recursive: true });
  const known = (await readdir(directory)).sort();
  for (const name of known.slice(known.length - (migrations.without ?? 0))) {
    await rm(join(directory, name));
  }
  for (const [name, statements] of Object.entries(migrations.adding ?? {})) {
    await writeFile(join(directory, name), statements);
  }
  return {
    program: join(scratch.path, "src/cli/gigpay.ts"),
    [Symbol.asyncDispose]: () => scratch.remove(),
  };
}
