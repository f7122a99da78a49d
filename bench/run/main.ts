/** The run itself: a process of its own, which outlives the terminal. bench/main.ts starts it and shows its log. */
import { readBenchArguments, type BenchArguments } from "../arguments.ts";
import type { Question } from "../question.ts";
import { writeReport } from "../report/write-report.ts";
import { noteExit } from "./detached.ts";
import { PROFILES, resultPath } from "./paths.ts";
import { runQuestion } from "./run-question.ts";
import { readStamp } from "./stamp.ts";

const EXIT_INTERRUPTED = 130;

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());

const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

async function answer(question: Question, options: BenchArguments): Promise<number> {
  const stamp = await readStamp();
  say(`${question.name} at ${stamp.commit}${stamp.isDirty ? ", with uncommitted changes" : ""}`);
  const cells = question.cells.filter(({ label }) => label.includes(options.only));
  const context = {
    signal: stopping.signal,
    isQuick: options.quick,
    say,
    ...(options.profile && { profiles: PROFILES }),
  };
  const path = resultPath(question.name, options.quick);
  const { rounds, resume } = options;
  const end = await runQuestion(question, cells, context, { rounds, resume, path, stamp });
  if (!options.quick) await writeReport();
  say(`done: ${path}${end.failed > 0 ? `; ${end.failed} rounds are no result` : ""}`);
  return end.failed > 0 ? 1 : 0;
}

const options = readBenchArguments(process.argv.slice(2));
const { question } = options;
if (!question) throw new TypeError("a run needs its NAME");
process.exitCode = await answer(question, options).catch((error: unknown) => {
  say(stopping.signal.aborted ? "stopped" : String(error instanceof Error ? error.stack : error));
  return stopping.signal.aborted ? EXIT_INTERRUPTED : 1;
});
await noteExit(question.name, process.exitCode);
