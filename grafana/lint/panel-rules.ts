import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { RUNBOOK_SECTIONS, runbookUrl } from "../boards/runbook.ts";
import { queriesOf } from "./committed-board.ts";
import type { Finding } from "./finding.ts";

type PanelRule = (panel: Panel) => readonly string[];

const UNITS: ReadonlySet<unknown> = new Set(Object.values(units));
const CHOSEN = "${datasource}";

/** Named as grafana/dashboard-linter names them; those after the blank line are ours. */
const PANEL_RULES: Readonly<Record<string, PanelRule>> = {
  "panel-datasource-rule": (panel) =>
    [panel.datasource, ...queriesOf(panel).map(({ datasource }) => datasource)]
      .filter((asked) => asked?.type !== "prometheus" || asked.uid !== CHOSEN)
      .map((asked) => `asks ${asked?.uid ?? "no data source"} and not the chosen one`),
  "panel-title-description-rule": ({ title, description }) =>
    title && description ? [] : ["needs a title and a description"],
  "panel-units-rule": ({ fieldConfig }) =>
    UNITS.has(fieldConfig?.defaults.unit) ? [] : [`has the unit ${fieldConfig?.defaults.unit}`],
  "panel-no-targets-rule": (panel) => (queriesOf(panel).length > 0 ? [] : ["asks nothing"]),

  "panel-advice-rule": ({ description = "" }) =>
    ["**Bad:** ", "**Next:** "]
      .filter((word) => !description.includes(word))
      .map((word) => `does not say ${word}`),
  "panel-thresholds-rule": ({ fieldConfig }) =>
    (fieldConfig?.defaults.thresholds?.steps.length ?? 0) > 0 ? [] : ["has no thresholds"],
  "panel-runbook-rule": ({ links = [] }) =>
    links.some(({ url }) => RUNBOOK_SECTIONS.some((section) => url === runbookUrl(section)))
      ? []
      : ["leads to no section of the runbook"],
};

/** What is wrong with a panel, but for its queries. */
export function lintPanel(panel: Panel): readonly Finding[] {
  return Object.entries(PANEL_RULES).flatMap(([rule, check]) =>
    check(panel).map((message) => ({ rule, panel: panel.title ?? "", message })),
  );
}
