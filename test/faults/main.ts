/** `npm run faults -- …`: the ways in which the line is put under faults. One flag names the mode. */
import { parseArgs } from "node:util";
import { checkSeeds, tellSeed } from "./simulation/commands.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    steps: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

type Values = typeof values;

/** Each mode answers its exit code. */
const MODES: Readonly<Record<string, (values: Values) => Promise<number>>> = {
  seed: ({ seed, steps }) =>
    tellSeed(Number(seed), steps === undefined ? undefined : steps.split(",").map(Number)),
  seeds: ({ seeds, from, json }) =>
    checkSeeds({ count: Number(seeds), from: Number(from), json }),
};

const mode = Object.entries(MODES).find(([flag]) => values[flag as keyof Values] !== undefined);
if (mode) process.exitCode = await mode[1](values);
else {
  process.stderr.write("One of: --seed N [--steps a,b,c] · --seeds N [--from M] [--json]\n");
  process.exitCode = 2;
}
