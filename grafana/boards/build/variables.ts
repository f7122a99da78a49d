import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { catalogue } from "../../../src/metrics/catalogue/catalogue.ts";
import { STAGES } from "../../../src/metrics/stages.ts";
import { PROMETHEUS } from "./datasource.ts";

/** Not `.*`: a series without the label is none of ours. */
const ANY = ".+";
/** Where docker-compose.yml lets Grafana serve this checkout's docs/. */
const DOCS = "/public/gigstream-payments";
const EVERY = { text: "All", value: "$__all", selected: true };

export function variablesOf(board: { readonly hasStages: boolean }): Builder<VariableModel>[] {
  // Of what always exists: a board must not go blank because nobody pays.
  const always = catalogue.build.name;
  return [
    new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
    ofLabel("job", `label_values(${always}, job)`),
    ofLabel("instance", `label_values(${always}{job=~"$job"}, instance)`),
    ...(board.hasStages ? [stages()] : []),
    new TextBoxVariableBuilder("docs")
      .label("Docs")
      .defaultValue(DOCS)
      .current({ text: DOCS, value: DOCS })
      .hide(VariableHide.HideVariable),
  ];
}

function ofLabel(name: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(name === "job" ? "Job" : "Instance")
    .query(query)
    .definition(query)
    .datasource(PROMETHEUS)
    .multi(true)
    .includeAll(true)
    .allValue(ANY)
    .current(EVERY)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

function stages(): CustomVariableBuilder {
  return new CustomVariableBuilder("stage")
    .label("Stage")
    .values(STAGES.join(","))
    .multi(true)
    .includeAll(true)
    .allValue(ANY)
    .current(EVERY);
}
