// Writes docs/openapi.json from the routes; with --check, says whether it is what they say, and lints it.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/http/openapi/document.ts";
import { ALL_ROUTES } from "../src/http/routes/all-routes.ts";
import { lintOpenApi } from "./lint-openapi.ts";

const FILE = fileURLToPath(new URL("../docs/openapi.json", import.meta.url));

const text = `${JSON.stringify(openApiDocument(ALL_ROUTES, ""), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else {
  const objections =
    readFileSync(FILE, "utf8") === text
      ? await lintOpenApi(FILE)
      : [" is not what the routes say: npm run openapi"];
  for (const objection of objections) console.error(`docs/openapi.json${objection}`);
  if (objections.length > 0) process.exitCode = 1;
}
