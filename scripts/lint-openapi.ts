// Lints docs/openapi.json by redocly.yaml; says what it found, and ends with 1 if it found anything.
import { fileURLToPath } from "node:url";
import { lint, loadConfig } from "@redocly/openapi-core";

const pathOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const config = await loadConfig({ configPath: pathOf("redocly.yaml") });
const found = await lint({ ref: pathOf("docs/openapi.json"), config });
for (const { ruleId, message, location } of found) {
  console.error(`docs/openapi.json${location[0]?.pointer ?? ""}: ${message} (${ruleId})`);
}
if (found.length > 0) process.exitCode = 1;
