// Writes src/client/api.ts from docs/openapi.json; with --check, says whether it is what the document says.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { renderClientTypes, type OpenApi } from "./render.ts";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);
const FILE = fileURLToPath(new URL("../../src/client/api.ts", import.meta.url));

const rendered = renderClientTypes(JSON.parse(readFileSync(DOCUMENT, "utf8")) as OpenApi);
const text = execFileSync("oxfmt", ["--stdin-filepath", FILE], {
  input: rendered,
  encoding: "utf8",
});
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("src/client/api.ts is not what docs/openapi.json says: npm run client");
  process.exitCode = 1;
}
