import { parseArgs } from "node:util";
import { questionNamed, QUESTIONS } from "./questions.ts";
import type { Question } from "./question.ts";

export const BENCH_HELP = `npm run bench -- NAME [--rounds N] [--resume] [--only TEXT] [--quick] [--profile]
npm run bench -- NAME --follow | --stop
npm run bench -- --report

Each NAME is one question, answered on the real sandbox in at most nine minutes (history 30, soak 36). The run goes on by
itself: Ctrl-C ends only the watching.

${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(14)} ${asks}`).join("\n")}

  --rounds N    how often each cell is measured, the cells in turn (3)
  --resume      goes on where a run of the same code was broken off, or ran out of time
  --only TEXT   only cells whose label contains it
  --quick       one short round of each, to see that it works; measures nothing and is not published
  --profile     has the service write CPU profiles to .sandbox/bench/profiles/
  --follow      watches a run that is under way
  --stop        ends it, with all that it started
  --report      makes bench/results/README.md and its plots anew from what is stored
`;

export interface BenchArguments {
  readonly question: Question | undefined;
  readonly rounds: number;
  readonly only: string;
  readonly resume: boolean;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly follow: boolean;
  readonly stop: boolean;
  readonly report: boolean;
  readonly help: boolean;
}

/** Throws a TypeError that says what is wrong. */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "3" },
      only: { type: "string", default: "" },
      resume: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      follow: { type: "boolean", default: false },
      stop: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (!/^[1-9]\d?$/.test(values.rounds)) throw new TypeError("--rounds is a number from 1 to 99");
  const [name, ...more] = positionals;
  if (more.length > 0) throw new TypeError(`one NAME at a time, not also ${more.join(", ")}`);
  const question = name === undefined ? undefined : questionNamed(name);
  if (name !== undefined && !question) throw new TypeError(`there is no question ${name}`);
  return { ...values, rounds: values.quick ? 1 : Number(values.rounds), question };
}
