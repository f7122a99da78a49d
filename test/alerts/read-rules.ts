import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

export const PROMETHEUS = new URL("../../grafana/prometheus/", import.meta.url);

const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(
        z.union([
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(["page", "ticket"]) }),
            annotations: z.strictObject({
              summary: z.string().min(1),
              description: z.string().min(1),
              runbook_url: z.string(),
              dashboard_url: z.string(),
            }),
          }),
          z.strictObject({ record: z.string(), expr: z.string() }),
        ]),
      ),
    }),
  ),
});

const testFile = z.looseObject({
  tests: z.array(
    z.looseObject({
      name: z.string(),
      alert_rule_test: z
        .array(
          z.strictObject({
            eval_time: z.string(),
            alertname: z.string(),
            exp_alerts: z
              .array(
                z.strictObject({
                  exp_labels: z.record(z.string(), z.string()),
                  exp_annotations: z.record(z.string(), z.string()),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

export type Rule = z.infer<typeof ruleFile>["groups"][number]["rules"][number];
export type Alert = Extract<Rule, { alert: string }>;
export type AlertCase = z.infer<typeof testFile>["tests"][number];

/** Every rule that Prometheus loads; throws where one has less, or more, than it must have. */
export function readRules(): Rule[] {
  return readYaml("rules").flatMap((file) =>
    ruleFile.parse(file).groups.flatMap(({ rules }) => rules),
  );
}

/** The cases that promtool plays. */
export function readCases(): AlertCase[] {
  return readYaml("tests").flatMap((file) => testFile.parse(file).tests);
}

function readYaml(folder: string): unknown[] {
  const directory = new URL(`${folder}/`, PROMETHEUS);
  return readdirSync(directory).map((name) =>
    parse(readFileSync(new URL(name, directory), "utf8")),
  );
}
