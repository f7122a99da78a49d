import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PROMETHEUS } from "./datasource.ts";
import type { PanelKind, PanelSpec } from "../panel.ts";

/** What shows the present asks once; what shows a course asks along the time. */
const INSTANT: readonly PanelKind[] = ["stat", "gauge", "bars", "table"];

/** Grafana names the queries of a panel by letters. */
const REFERENCES = "ABCDEFGHIJ";

export function queriesOf({ kind, queries }: PanelSpec): DataqueryBuilder[] {
  return queries.map(({ expr, legend, exemplars }, i) => {
    const query = new DataqueryBuilder()
      .datasource(PROMETHEUS)
      .refId(REFERENCES.charAt(i))
      .expr(expr)
      .legendFormat(legend)
      .format(formatOf(kind));
    if (exemplars) query.exemplar(true);
    return INSTANT.includes(kind) ? query.instant() : query.range();
  });
}

function formatOf(kind: PanelKind): PromQueryFormat {
  if (kind === "heatmap") return PromQueryFormat.Heatmap;
  return kind === "table" ? PromQueryFormat.Table : PromQueryFormat.TimeSeries;
}
