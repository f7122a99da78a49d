import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeConfig } from "../../src/config.ts";

test("every setting is documented", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const missing = Object.keys(describeConfig({})).filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
