import type { Plot, Question, Target } from "../question.ts";
import type { ResultFile, RoundResult, Stamp } from "../run/result-file.ts";
import { roundsThatCount } from "../run/sum-up.ts";
import { judgeTarget } from "./judge-target.ts";
import { showNumber } from "./show-number.ts";

type StoredCell = ResultFile["cells"][number];

export const plotFile = (name: string, plot: Plot): string => `${name}-${plot.id}.svg`;

/** What the report says of one question. Pure. */
export function sectionOf(
  question: Question,
  file: ResultFile | undefined,
  current: Pick<Stamp, "tested">,
): string {
  const { name, asks, notes } = question;
  const parts = [`## ${name}`, asks, ...(notes === undefined ? [] : [notes])];
  parts.push(`    npm run bench -- ${name}`);
  if (!file) return [...parts, "Not measured yet."].join("\n\n");
  parts.push(
    provenance(file, current),
    ...targetsTable(question, file),
    measuresTable(question, file),
  );
  const troubles = troublesOf(file.cells);
  if (troubles.length > 0) parts.push(troubles.map((trouble) => `- ${trouble}`).join("\n"));
  for (const plot of question.plots) parts.push(`![${plot.title}](${plotFile(name, plot)})`);
  return parts.join("\n\n");
}

function provenance(
  { stamp, startedAt, roundsWanted }: ResultFile,
  current: Pick<Stamp, "tested">,
) {
  const { commit, isDirty, tested, machine, versions } = stamp;
  const dirt = isDirty ? " **with uncommitted changes**" : "";
  const age =
    tested === current.tested
      ? ""
      : " **The code has changed since: these are another commit's numbers.**";
  const rounds = roundsWanted === 1 ? "one round" : `${roundsWanted} rounds, the cells in turn`;
  return `Measured ${startedAt.slice(0, 10)} at commit \`${commit}\`${dirt}, ${rounds}.${age} ${machine.processors} × ${machine.processor}, \
${machine.memoryGb} GB, ${machine.system}; Node ${versions.node}, Postgres ${versions.postgres}, Kafka ${versions.kafka}, anvil ${versions.anvil}. \
Everything ran on this one machine.`;
}

const SIGNS = { "<": "<", "<=": "≤", ">=": "≥" } as const satisfies Record<
  Target["comparison"],
  string
>;

function wantedOf({ comparison, value, timesOf }: Target): string {
  const limit = `${SIGNS[comparison]} ${showNumber(value)}`;
  return timesOf === undefined ? limit : `${limit} × ${timesOf}`;
}

function targetsTable({ name, targets, columns }: Question, file: ResultFile): string[] {
  if (targets.length === 0) return [];
  const titles = new Map(columns.map(({ measure, title }) => [measure, title]));
  const rows = targets.map((target) => {
    const { median, isMet } = judgeTarget(target, file);
    const wanted = wantedOf(target);
    const measured = median === undefined ? "not measured" : showNumber(median);
    const verdict = median === undefined ? "–" : isMet ? "met" : "**not met**";
    const what = titles.get(target.measure) ?? target.measure;
    const command = `\`npm run bench -- ${name} --only '${target.cell}'\``;
    return [target.cell, what, wanted, measured, verdict, command];
  });
  return [table(["cell", "target", "wanted", "median", "", "command"], rows)];
}

/** Median, and least to most over the rounds where there were several. */
function measuresTable({ columns }: Question, { cells }: ResultFile): string {
  const rows = cells.map(({ label, measures, rounds }) => [
    label,
    ...columns.map(({ measure }) => {
      const spread = measures[measure];
      if (!spread) return "";
      const { median, min, max } = spread;
      const middle = showNumber(median);
      return min === max ? middle : `${middle} (${showNumber(min)}–${showNumber(max)})`;
    }),
    `${roundsThatCount(rounds).length}`,
  ]);
  return table(["cell", ...columns.map(({ title }) => title), "rounds"], rows);
}

function troublesOf(cells: readonly StoredCell[]): string[] {
  return cells.flatMap(({ label, rounds }) => rounds.flatMap((round) => troubleOf(label, round)));
}

function troubleOf(label: string, result: RoundResult): string[] {
  const what = `${label}, round ${result.round}`;
  if (result.outcome === "failed") return [`${what}: no result: ${result.error.split("\n", 1)[0]}`];
  if (!result.isDisturbed) return [];
  const percent = (result.foreignShare * 100).toFixed(0);
  return [
    `${what}: disturbed, others took ${percent} % of the machine; it counts only where no round was undisturbed`,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (fields: readonly string[]) => `| ${fields.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
