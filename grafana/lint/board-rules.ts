import {
  VariableRefresh,
  VariableType,
  type Dashboard,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { areBeside } from "../boards/build/place-panels.ts";
import { panelsOf } from "./committed-board.ts";
import type { Finding } from "./finding.ts";
import { parseQuery } from "./parse-query.ts";

type BoardRule = (board: Dashboard) => readonly string[];

const COLUMNS = 24;
const LABEL_VALUES = /^label_values\((?<query>.+), ?(?<label>\w+)\)$/;

/** Named as grafana/dashboard-linter names them; those after the blank line are ours. */
const BOARD_RULES: Readonly<Record<string, BoardRule>> = {
  "template-datasource-rule": (board) => {
    const chosen = variablesOf(board, VariableType.Datasource);
    return chosen.length === 1 &&
      chosen[0]?.name === "datasource" &&
      chosen[0].label === "Data source"
      ? []
      : ["needs one variable “datasource” with the label “Data source”"];
  },
  "template-job-rule": (board) => templateFaults(board, "job"),
  "template-instance-rule": (board) => templateFaults(board, "instance"),
  "template-label-promql-rule": (board) =>
    variablesOf(board, VariableType.Query).flatMap(({ name, query }) => {
      const asked = typeof query === "string" ? query : "";
      const inner = LABEL_VALUES.exec(asked)?.groups?.["query"];
      return inner !== undefined && parseQuery(inner).errors.length === 0
        ? []
        : [`${name} asks what is no PromQL: ${asked}`];
    }),
  "template-on-time-change-reload-rule": (board) =>
    variablesOf(board, VariableType.Query)
      .filter(({ refresh }) => refresh !== VariableRefresh.OnTimeRangeChanged)
      .map(({ name }) => `${name} is not asked anew when the time changes`),
  "uneditable-dashboard": ({ editable }) => (editable === false ? [] : ["can be edited"]),

  "board-uid-rule": ({ uid, id }) =>
    uid && id === undefined ? [] : ["needs a fixed uid and no id of a Grafana"],
  "board-utc-rule": ({ timezone }) =>
    timezone === "utc" ? [] : [`is in ${timezone ?? "no zone"}`],
  "panel-id-rule": ({ panels = [] }) => {
    const ids = panels.map(({ id }) => id);
    return ids.every((id) => id) && new Set(ids).size === ids.length
      ? []
      : ["needs an id of its own for each panel and row"];
  },
  "panel-title-unique-rule": (board) => {
    const titles = panelsOf(board).map(({ title }) => title);
    return titles
      .filter((title, i) => titles.indexOf(title) !== i)
      .map((title) => `two panels are called “${title}”`);
  },
  "grid-rule": gridFaults,
  "annotation-promql-rule": ({ annotations: { list = [] } }) =>
    list.flatMap(({ name, expr = "" }) =>
      parseQuery(expr).errors.map((error) => `annotation ${name}: ${error}`),
    ),
};

/** What is wrong with a board as a whole. */
export function lintBoard(board: Dashboard): readonly Finding[] {
  return Object.entries(BOARD_RULES).flatMap(([rule, check]) =>
    check(board).map((message) => ({ rule, message })),
  );
}

function variablesOf({ templating }: Dashboard, type: VariableType): readonly VariableModel[] {
  return (templating.list ?? []).filter((variable) => variable.type === type);
}

function templateFaults(board: Dashboard, name: string): readonly string[] {
  const variable = variablesOf(board, VariableType.Query).find((each) => each.name === name);
  if (!variable) return [`has no variable “${name}”`];
  const { datasource, label, multi, allValue } = variable;
  return [
    datasource?.uid === "${datasource}" ? "" : `“${name}” asks another data source`,
    label?.toLowerCase() === name ? "" : `“${name}” is labelled “${label ?? ""}”`,
    multi ? "" : `of “${name}” only one can be chosen`,
    allValue === ".+" ? "" : `“${name}” for all must be .+`,
  ].filter((fault) => fault !== "");
}

/** Inside the columns, and none upon another. */
function gridFaults({ panels = [] }: Dashboard): readonly string[] {
  return panels.flatMap((panel, i) => {
    const place = panel.gridPos;
    if (!place) return [`“${panel.title ?? ""}” has no place`];
    const outside = place.x < 0 || place.x + place.w > COLUMNS;
    const covered = panels
      .slice(0, i)
      .find(({ gridPos: other }) => other && !areBeside(place, other));
    return [
      ...(outside ? [`“${panel.title ?? ""}” stands outside the ${COLUMNS} columns`] : []),
      ...(covered ? [`“${panel.title ?? ""}” lies upon “${covered.title ?? ""}”`] : []),
    ];
  });
}
