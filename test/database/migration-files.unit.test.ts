import { expect, test } from "vitest";
import { readMigrations } from "../../src/database/migration-files.ts";

test("each migration has a level of its own, and none is left out: which services may run is told by it", async () => {
  const levels = (await readMigrations()).map(({ level }) => level);
  expect(levels).toEqual(levels.map((_, index) => index + 1));
});
