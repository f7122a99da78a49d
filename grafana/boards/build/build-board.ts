import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { BoardSpec } from "../panel.ts";
import { annotations } from "./annotations.ts";
import { buildPanel } from "./build-panel.ts";
import { placePanels } from "./place-panels.ts";
import { variablesOf } from "./variables.ts";

const TAG = "gigstream-payments";

/** The board as Grafana's file provisioning reads it. */
export function buildBoard(spec: BoardSpec): Dashboard {
  const board = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([TAG])
    .readonly()
    .timezone("utc")
    .time({ from: spec.from, to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .variables(variablesOf(spec))
    .annotations(annotations())
    .links([otherBoards(), runbook()]);
  for (const { title, heading, panels } of placePanels(spec.rows)) {
    board.withRow(new RowBuilder(title).gridPos(heading));
    for (const [panel, place] of panels) board.withPanel(buildPanel(panel, place));
  }
  const built = board.build();
  // The builder leaves them to Grafana, and links to a panel would change with every load.
  return { ...built, panels: (built.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 })) };
}

function otherBoards(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Payment boards")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
}

function runbook(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Runbook")
    .type(DashboardLinkType.Link)
    .url("${docs}/runbook.md")
    .targetBlank(true);
}
