import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  type DataSourceRef,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type DashboardLink,
  type GridPos,
  type Panel,
  type ThresholdsConfig,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Gauge } from "@grafana/grafana-foundation-sdk/gauge";
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as Heatmap,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { PanelSpec } from "../panel.ts";
import { runbookUrl } from "../runbook.ts";
import { PROMETHEUS } from "./datasource.ts";
import { queriesOf } from "./queries.ts";
import { thresholdsOf } from "./thresholds.ts";

/** The panel as Grafana's own types have it. */
export function buildPanel(spec: PanelSpec, place: GridPos): Builder<Panel> {
  return drawnAs(spec).gridPos(place);
}

function drawnAs(spec: PanelSpec): AnyPanel & Builder<Panel> {
  switch (spec.kind) {
    case "lines":
      return lines(spec);
    case "stack":
      return lines(spec)
        .fillOpacity(60)
        .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
    case "stat":
      return furnish(new Stat(), spec)
        .graphMode(BigValueGraphMode.None)
        .colorMode(BigValueColorMode.Value)
        .reduceOptions(lastValue());
    case "gauge":
      return furnish(new Gauge(), spec).reduceOptions(lastValue());
    case "bars":
      return furnish(new BarGauge(), spec)
        .displayMode(BarGaugeDisplayMode.Basic)
        .orientation(VizOrientation.Horizontal)
        .reduceOptions(lastValue());
    case "heatmap":
      return heatmap(spec);
    case "table":
      return furnish(new Table(), spec);
    case "timeline":
      return furnish(new StateTimeline(), spec).showValue(VisibilityMode.Never).mergeValues(true);
  }
}

/** What all kinds of panels have alike. */
interface AnyPanel {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  gridPos(place: GridPos): this;
  unit(unit: string): this;
  min(min: number): this;
  max(max: number): this;
  decimals(decimals: number): this;
  noValue(text: string): this;
  thresholds(thresholds: Builder<ThresholdsConfig>): this;
  links(links: Builder<DashboardLink>[]): this;
  targets(targets: Builder<Dataquery>[]): this;
}

function furnish<P extends AnyPanel>(panel: P, spec: PanelSpec): P {
  panel
    .title(spec.title)
    .description(`${spec.shows}\n\n**Bad:** ${spec.bad}\n\n**Next:** ${spec.next}`)
    .datasource(PROMETHEUS)
    .unit(spec.unit)
    .thresholds(thresholdsOf(spec.limits))
    .links([runbookLink(spec)])
    .targets(queriesOf(spec));
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  if (spec.noValue !== undefined) panel.noValue(spec.noValue);
  return panel;
}

function runbookLink({ runbook }: PanelSpec): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook: ${runbook}`)
    .type(DashboardLinkType.Link)
    .url(runbookUrl(runbook))
    .targetBlank(true);
}

function lines(spec: PanelSpec): TimeSeries {
  const style = spec.limits ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off;
  return furnish(new TimeSeries(), spec)
    .lineWidth(1)
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(style))
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    );
}

function heatmap(spec: PanelSpec): Heatmap {
  return furnish(new Heatmap(), spec)
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme("Oranges").steps(64),
    )
    .yAxis(new YAxisConfigBuilder().unit(spec.unit));
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false);
}
