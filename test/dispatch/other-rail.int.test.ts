import { expect, test } from "vitest";
import { countOfOtherRails } from "../../src/deployment.ts";
import { freshDatabase } from "../support/database.ts";
import { planPayments } from "./dispatch-world.ts";

test("payments that were planned for another rail are counted at the start, not forgotten", async () => {
  await using database = await freshDatabase();
  await planPayments(database.pool, { name: "a", count: 2 });
  await planPayments(database.pool, { name: "v", state: "voiding" });
  expect(await countOfOtherRails(database.pool, "circle")).toBe(0);
  expect(await countOfOtherRails(database.pool, "arc")).toBe(3);
});
