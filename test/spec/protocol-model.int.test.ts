import { beforeAll, describe, expect, test } from "vitest";
import { checkProtocol, type Checked } from "../../scripts/spec/check-protocol.ts";
import { readPage } from "../../scripts/spec/page.ts";
import { CONFIGURATIONS, PROPERTIES } from "../../scripts/spec/plan.ts";
import { pageOf, tableOf } from "../../scripts/spec/report.ts";
import { missingTool, spinVersion } from "../../scripts/spec/run-spin.ts";
import { SWITCHES } from "../../scripts/spec/switches.ts";

const SEARCH_ALL_TIMEOUT_MS = 600_000;
const missing = await missingTool();
const mayBeSkipped = missing !== undefined && process.env["CI"] !== "true";

describe.skipIf(mayBeSkipped)(
  `the protocol's model${mayBeSkipped ? ` (skipped: ${missing} is not installed; apt-get install spin gcc)` : ""}`,
  () => {
    let checked: Checked;

    beforeAll(async () => {
      checked = await checkProtocol();
      process.stdout.write(`${tableOf(checked)}\n`);
    }, SEARCH_ALL_TIMEOUT_MS);

    test.each(CONFIGURATIONS.map(({ name }) => name))("every property holds: %s", (name) => {
      const row = checked.configurations.find(({ configuration }) => configuration.name === name);
      expect(row?.found.broken).toBeUndefined();
      expect(row?.found.states).toBeGreaterThan(1_000);
    });

    test.each(SWITCHES.map(({ name, breaks }) => [name, PROPERTIES[breaks]]))(
      "without %s: %s",
      (name) => {
        const row = checked.switches.find(({ off }) => off.name === name);
        expect(row?.found.broken?.property).toBe(row?.off.breaks);
        expect(row?.found.broken?.told.length).toBeGreaterThan(0);
      },
    );

    test("the tables in docs/spec/README.md are what the checker found", async () => {
      expect(readPage()).toBe(pageOf(checked, await spinVersion()));
    });
  },
);
