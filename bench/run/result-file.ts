import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const count = z.int().min(0);
const share = z.number().min(0);

const audit = z.strictObject({
  published: count,
  completed: count,
  failed: count,
  paidTwice: count,
  lost: count,
  contradicting: count,
  failedButPaid: count,
  open: count,
});

const common = {
  cell: z.string(),
  round: z.int().min(1),
  at: z.iso.datetime(),
  tookMs: count,
  /** Of all processors' time, what others took while it ran. */
  foreignShare: share,
  /** How often it was played before, and put away because others took too much. */
  repeats: count,
  isDisturbed: z.boolean(),
};

const roundResult = z.discriminatedUnion("outcome", [
  z.strictObject({
    ...common,
    outcome: z.literal("measured"),
    measures: z.record(z.string(), z.number()),
    audit,
  }),
  z.strictObject({ ...common, outcome: z.literal("failed"), error: z.string() }),
]);
export type RoundResult = z.infer<typeof roundResult>;
export type MeasuredRound = Extract<RoundResult, { outcome: "measured" }>;

const stamp = z.strictObject({
  commit: z.string(),
  /** Of the files whose change may change a number: two commits with the same one are the same to a benchmark. */
  tested: z.string(),
  /** Something of it was not committed. */
  isDirty: z.boolean(),
  machine: z.strictObject({
    processor: z.string(),
    processors: z.int(),
    memoryGb: z.number(),
    system: z.string(),
  }),
  versions: z.strictObject({
    node: z.string(),
    postgres: z.string(),
    kafka: z.string(),
    anvil: z.string(),
  }),
});
export type Stamp = z.infer<typeof stamp>;

const spread = z.strictObject({ median: z.number(), min: z.number(), max: z.number() });

const resultFile = z.strictObject({
  name: z.string(),
  stamp,
  startedAt: z.iso.datetime(),
  roundsWanted: z.int().min(1),
  isQuick: z.boolean(),
  cells: z.array(
    z.strictObject({
      label: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])),
      /** Over the rounds that nobody disturbed; over all, where every one was. Empty while none is measured. */
      measures: z.record(z.string(), spread),
      rounds: z.array(roundResult),
    }),
  ),
});
export type ResultFile = z.infer<typeof resultFile>;

/** Undefined where there is none yet, or one that an older version wrote. */
export async function readResultFile(path: string): Promise<ResultFile | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  return resultFile.safeParse(JSON.parse(text)).data;
}

/** Replaces it as a whole: whoever is killed in between leaves the old one. */
export async function writeResultFile(path: string, file: ResultFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.new`;
  await writeFile(fresh, `${JSON.stringify(resultFile.parse(file), undefined, 2)}\n`);
  await rename(fresh, path);
}
