import { readFileSync } from "node:fs";
import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";

/** The board as it is committed, which is what Grafana is given. */
export function readBoard(uid: string): Dashboard {
  const file = new URL(`../dashboards/${uid}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Dashboard;
}

/** Its panels without the rows' headings. */
export function panelsOf({ panels = [] }: Dashboard): readonly Panel[] {
  return panels.filter((panel): panel is Panel => panel.type !== "row");
}

export function queriesOf({ targets = [] }: Panel): readonly Dataquery[] {
  return targets as unknown as readonly Dataquery[];
}
