// Writes docs/openapi.json from the routes; with --check, says whether it is what they say.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/http/openapi/document.ts";
import { ALL_ROUTES } from "../src/http/routes/all-routes.ts";

const FILE = fileURLToPath(new URL("../docs/openapi.json", import.meta.url));

const text = `${JSON.stringify(openApiDocument(ALL_ROUTES, ""), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("docs/openapi.json is not what the routes say: npm run openapi");
  process.exitCode = 1;
}
