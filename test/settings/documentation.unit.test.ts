import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeConfig } from "../../src/config.ts";

test("every setting is documented", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const missing = Object.keys(describeConfig({})).filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test("how each secret is replaced is documented", () => {
  const page = readFileSync(
    new URL("../../docs/playbooks/rotating-secrets.md", import.meta.url),
    "utf8",
  );
  const given = Object.keys(describeConfig({}));
  const everything = Object.fromEntries(given.map((name) => [name, "x"]));
  const secrets = given.filter((name) => describeConfig(everything)[name] === "(set)");
  expect(secrets.length).toBeGreaterThan(8);
  expect(secrets.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
