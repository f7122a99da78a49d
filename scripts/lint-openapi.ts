import { fileURLToPath } from "node:url";
import { lint, loadConfig } from "@redocly/openapi-core";

const CONFIG = fileURLToPath(new URL("../redocly.yaml", import.meta.url));

/** What redocly.yaml objects to in an OpenAPI document: a line each. */
export async function lintOpenApi(file: string): Promise<readonly string[]> {
  const config = await loadConfig({ configPath: CONFIG });
  const found = await lint({ ref: file, config });
  return found.map(
    ({ ruleId, message, location }) => `${location[0]?.pointer ?? ""}: ${message} (${ruleId})`,
  );
}
