import { readdir, readFile } from "node:fs/promises";

const DIRECTORY = new URL("./migrations/", import.meta.url);

/** One file of `migrations/`, as this version knows it. */
export interface MigrationFile {
  readonly name: string;
  /** The number that its name begins with. */
  readonly level: number;
  /**
   * The oldest service level that may still run once this is applied. A file that says nothing takes something away:
   * only services that know it may run.
   */
  readonly oldestLevel: number;
  readonly statements: string;
}

const OLDEST_LEVEL = /^-- oldest service level: (\d+)$/m;

/** All of this version's migrations, in order; the last one's level is the level of this service. */
export async function readMigrations(): Promise<readonly MigrationFile[]> {
  const names = (await readdir(DIRECTORY)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(new URL(name, DIRECTORY), "utf8");
      return { name, statements, ...levelsOf(name, statements) };
    }),
  );
}

/** Level 0 of a name without a number is below every service: such a file cannot be told from an old one. */
export function levelsOf(
  name: string,
  statements: string,
): Pick<MigrationFile, "level" | "oldestLevel"> {
  const level = Number.parseInt(name, 10) || 0;
  return { level, oldestLevel: Number(OLDEST_LEVEL.exec(statements)?.[1] ?? level) };
}
