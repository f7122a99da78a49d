import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { createLog } from "../src/log.ts";
import { SECRET_SETTINGS } from "../src/settings/known-settings.ts";

const CANARY = "canary-8c1f";

/** What is logged as if by somebody who did not think. */
function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  write(createLog({ level: "trace", instanceId: "one" }, { write: (line) => void (text += line) }));
  return text;
}

test("every secret setting is redacted, by itself and within the settings, and the line is there all the same", () => {
  expect(SECRET_SETTINGS.length).toBeGreaterThan(10);
  for (const name of SECRET_SETTINGS) {
    for (const fields of [{ [name]: CANARY }, { config: { [name]: [CANARY] } }]) {
      const text = logged((log) => log.info(fields, "careless"));
      expect(text).toContain("careless");
      expect(text).not.toContain(CANARY);
    }
  }
});

test("what the service's parts call their secrets is redacted, and what drivers hang onto their errors", () => {
  const headers = { authorization: CANARY };
  const careless = [
    { apiKey: CANARY, entitySecret: CANARY, privateKey: CANARY, raw: CANARY, headers },
    { sasl: { username: "u", password: CANARY }, password: CANARY, authorization: CANARY },
    { config: { apiKey: CANARY, sasl: { password: CANARY }, headers } },
    {
      err: Object.assign(new Error("refused"), {
        config: { headers },
        request: { headers },
        response: { data: CANARY },
        data: CANARY,
      }),
    },
  ];
  for (const fields of careless) {
    const text = logged((log) => log.error(fields, "careless"));
    expect(text).toContain("(redacted)");
    expect(text).not.toContain(CANARY);
  }
});

test("the test itself would see a leak", () => {
  expect(logged((log) => log.info({ elsewhere: CANARY }, "careless"))).toContain(CANARY);
});

const LOG = new URL("../src/log.ts", import.meta.url).href;
const LINES = 2_000;

test.each([
  "throw new Error('a bug')",
  "process.exit(3)",
  "log.fatal('the last'); process.exit(1)",
])("a process that ends by %s has written every line before it", async (end) => {
  const program = `
      const { createLog } = await import(${JSON.stringify(LOG)});
      const log = createLog({ level: "info", instanceId: "one" });
      for (let n = 0; n < ${LINES}; n += 1) log.info({ n }, "line");
      ${end};
    `;
  const stderr = await new Promise<string>((resolve) => {
    const options = { maxBuffer: 1e8 };
    const args = ["--input-type=module", "--eval", program];
    execFile(process.execPath, args, options, (_, __, text) => resolve(text));
  });
  const last = stderr.split("\n").filter((line) => line.includes('"msg":"line"'));
  expect(last).toHaveLength(LINES);
  expect(JSON.parse(last.at(-1) ?? "")).toMatchObject({ n: LINES - 1 });
});
