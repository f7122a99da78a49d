/** `npm run faults -- …`: the ways in which the line is put under faults. One flag names the mode. */
import { parseArgs } from "node:util";
import { reportBacklog } from "./backlog/report-backlog.ts";
import { reportBreaks } from "./breaks/report-breaks.ts";
import { listMatrix, playMatrix } from "./matrix/commands.ts";
import { CHAIN_BREAKS, type ChainBreak } from "./simulation/chain-model.ts";
import { checkSeeds, tellSeed } from "./simulation/commands.ts";

const { values } = parseArgs({
  options: {
    matrix: { type: "boolean" },
    cell: { type: "string" },
    page: { type: "boolean", default: false },
    list: { type: "boolean" },
    workers: { type: "string", default: "3" },
    minutes: { type: "string", default: "600" },
    fresh: { type: "boolean", default: false },
    older: { type: "boolean", default: false },
    seed: { type: "string" },
    steps: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    failures: { type: "string", default: "5" },
    breaks: { type: "boolean" },
    only: { type: "string", default: "" },
    backlog: { type: "string" },
    rail: { type: "string", default: "arc" },
    break: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
  },
});

type Values = typeof values;

/** Each mode answers its exit code. */
const MODES: Readonly<Record<string, (values: Values) => Promise<number>>> = {
  matrix: ({ workers, minutes, fresh, older, json }) =>
    playMatrix({
      workers: Number(workers),
      minutesMax: Number(minutes),
      trust: fresh ? "nothing" : older ? "older" : "same",
      isEntered: true,
      json,
    }),
  cell: ({ cell, workers, minutes, page, json }) =>
    playMatrix({
      only: cell,
      workers: Number(workers),
      minutesMax: Number(minutes),
      trust: "nothing",
      isEntered: page,
      json,
    }),
  list: ({ json }) => listMatrix(json),
  seed: ({ seed, steps }) =>
    tellSeed(Number(seed), steps === undefined ? undefined : steps.split(",").map(Number)),
  seeds: ({ seeds, from, failures, json, break: broken }) =>
    checkSeeds({
      count: Number(seeds),
      from: Number(from),
      failuresMax: Number(failures),
      json,
      breaks: breaksIn(broken),
    }),
  breaks: ({ only, json }) => reportBreaks(only, json),
  backlog: ({ backlog, rail, json }) => reportBacklog(Number(backlog), rail, json),
};

function breaksIn(names: readonly string[]): ChainBreak[] {
  return CHAIN_BREAKS.filter((name) => names.includes(name));
}

const mode = Object.entries(MODES).find(([flag]) => values[flag as keyof Values] !== undefined);
if (mode) process.exitCode = await mode[1](values);
else {
  process.stderr.write(
    "One of: --matrix [--workers N] [--minutes M] [--fresh | --older] [--json] · --cell NAME [--page] [--workers N] [--json] · --list [--json] · --seed N [--steps a,b,c] · --seeds N [--from M] [--failures K] [--json] · --breaks [--only NAME] [--json] · --backlog N [--rail arc|circle] [--json]\n",
  );
  process.exitCode = 2;
}
