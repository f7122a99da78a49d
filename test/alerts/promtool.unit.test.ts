import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runAmtool } from "../../sandbox/prometheus/amtool.ts";
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { runPromtool } from "../../sandbox/prometheus/promtool.ts";
import { PROMETHEUS } from "./read-rules.ts";

/** Some seconds on a machine of its own. */
const RULE_TESTS_TIMEOUT_MS = 120_000;

const tools = await findPrometheus();
const filesOf = (folder: string) =>
  readdirSync(new URL(folder, PROMETHEUS)).map((name) =>
    fileURLToPath(new URL(`${folder}/${name}`, PROMETHEUS)),
  );

describe.skipIf(tools === undefined)(
  `rules${tools === undefined ? ` (${NO_PROMETHEUS})` : ""}`,
  () => {
    const found = tools as NonNullable<typeof tools>;

    test("Prometheus takes the rules and finds nothing to blame", async () => {
      const said = await runPromtool(found, [
        "check",
        "rules",
        "--lint=all",
        "--lint-fatal",
        ...filesOf("rules"),
      ]);
      expect(said).not.toMatch(/FAILED|error/i);
    });

    test("Prometheus takes the configuration that loads them", async () => {
      const config = fileURLToPath(new URL("prometheus.yml", PROMETHEUS));
      expect(await runPromtool(found, ["check", "config", config])).toContain(
        `${filesOf("rules").length} rule files found`,
      );
    });

    test("pages go to those who are woken, tickets to those who are not", async () => {
      const config = fileURLToPath(new URL("alertmanager.yml", PROMETHEUS));
      expect(await runAmtool(found, ["check-config", config])).toContain("SUCCESS");
      const test = ["config", "routes", "test", `--config.file=${config}`];
      const routed = (severity: string) => runAmtool(found, [...test, `severity=${severity}`]);
      expect(await routed("page")).toMatch(/^pages$/m);
      expect(await routed("ticket")).toMatch(/^tickets$/m);
    });

    test(
      "every rule says what it should, when it should",
      async () => {
        const said = await runPromtool(found, ["test", "rules", ...filesOf("tests")]);
        expect(said.match(/SUCCESS/g)).toHaveLength(filesOf("tests").length);
      },
      RULE_TESTS_TIMEOUT_MS,
    );
  },
);
