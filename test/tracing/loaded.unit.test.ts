import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCE = new URL("../../src/", import.meta.url).href;

/** Says which packages of OpenTelemetry a process has loaded once it has started tracing with these settings. */
const PROGRAM = `
  import { registerHooks } from "node:module";
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const [, name] = /node_modules\\/(@opentelemetry\\/[^/]+)\\//.exec(url) ?? [];
      if (name) loaded.add(name);
      return next(url, context);
    },
  });
  await import("${SOURCE}app.ts");
  const { startTracing } = await import("${SOURCE}tracing/start-tracing.ts");
  const { readSettings } = await import("${SOURCE}settings/read-settings.ts");
  const { common } = await import("${SOURCE}settings/known-settings.ts");
  const log = { info() {}, error(about) { throw about.err; } };
  await startTracing(readSettings(common, process.env, []), log);
  process.stdout.write(JSON.stringify([...loaded].sort()));
`;

function loadedWith(env: Record<string, string>): Promise<readonly string[]> {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ["--input-type=module", "--eval", PROGRAM],
      { env, cwd },
      (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as string[])),
    );
  });
}

test(
  "OpenTelemetry's SDK is loaded only where spans have somewhere to go",
  { timeout: 120_000 },
  async () => {
    // The API alone is there anyway: slonik names it, and without an SDK it does nothing.
    expect(await loadedWith({})).toEqual(["@opentelemetry/api"]);
    const collected = await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
    expect(collected).toContain("@opentelemetry/sdk-trace");
  },
);
