import type { Checked } from "./check-protocol.ts";
import { PROPERTIES } from "./plan.ts";
import { tellShortly } from "./tell-trace.ts";

/** What must not stand as it is: a property that broke with every rule on, a switch that broke nothing or something else. */
export function faultsOf({ configurations, switches }: Checked): string[] {
  return [
    ...configurations.flatMap(({ configuration, found: { broken } }) =>
      broken
        ? [`${configuration.name}: ${named(broken.property)}: ${tellShortly(broken.told)}`]
        : [],
    ),
    ...switches.flatMap(({ off, found: { broken } }) => {
      if (!broken) return [`${off.name} is off, and nothing breaks`];
      if (broken.property === off.breaks) return [];
      return [
        `${off.name} is off: ${named(off.breaks)} was expected, but ${named(broken.property)}`,
      ];
    }),
  ];
}

/** The table of `npm run spec`. */
export function tableOf({ configurations, switches }: Checked): string {
  const searched = configurations.map(({ configuration: { name, budgets }, found }) => [
    name,
    found.states.toLocaleString("en"),
    String(found.depth),
    found.broken ? `BROKEN: ${named(found.broken.property)}` : "holds",
    Object.entries(budgets)
      .map(([budget, value]) => `${budget}=${value}`)
      .join(" "),
  ]);
  const off = switches.map(({ off, found }) => [
    `without ${off.name}`,
    found.states.toLocaleString("en"),
    String(found.depth),
    found.broken ? `breaks (${found.broken.property})` : "NOT CAUGHT",
    found.broken ? tellShortly(found.broken.told) : "",
  ]);
  return aligned([["configuration", "states", "depth", "result", ""], ...searched, ...off]);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === 1 || i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** The generated part of docs/spec/README.md. */
export function pageOf({ configurations, switches }: Checked, version: string): string {
  const searched = configurations.map(
    ({ configuration: { name, model, budgets }, found }) =>
      `| ${name} | ${model} | ${Object.entries(budgets)
        .map(([budget, value]) => `${value} ${budget}`)
        .join(", ")} | ${found.states.toLocaleString("en")} | ${found.depth} |`,
  );
  const rows = (kind: "rule" | "promise", model: string) =>
    switches
      .filter(({ off }) => off.kind === kind && off.model === model)
      .map(
        ({ off, found }) =>
          `| \`${off.name}\`: ${off.says} | ${named(off.breaks)} | ${found.broken ? tellShortly(found.broken.told) : ""} |`,
      );
  const head = ["| rule | without it | shortest trace |", "|---|---|---|"];
  return [
    `Searched with ${version}: every state that these budgets of faults allow, none left out.`,
    "",
    "| configuration | model | faults at most | states | depth |",
    "|---|---|---|---|---|",
    ...searched,
    "",
    "Rules of PayOnce mode, each switched off alone:",
    "",
    ...head,
    ...rows("rule", "pay-once"),
    "",
    "Rules of plain-transfer mode:",
    "",
    ...head,
    ...rows("rule", "transfer"),
    "",
    "What plain-transfer mode must be promised from outside. The service cannot make up for these; PayOnce needs none of them:",
    "",
    "| promise | without it | shortest trace |",
    "|---|---|---|",
    ...rows("promise", "transfer"),
  ].join("\n");
}

export function named(property: string): string {
  return `(${property}) ${PROPERTIES[property] ?? "unknown"}`;
}
