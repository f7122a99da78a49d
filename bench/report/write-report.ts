import { mkdir, writeFile } from "node:fs/promises";
import { QUESTIONS } from "../questions.ts";
import type { Question } from "../question.ts";
import { RESULTS, resultPath } from "../run/paths.ts";
import { readResultFile, type ResultFile } from "../run/result-file.ts";
import { readCommit } from "../run/stamp.ts";
import { drawPlot, pointsOf } from "./draw-plot.ts";
import { plotFile, sectionOf } from "./section.ts";

const HEAD = `# Results

Made by \`npm run bench -- --report\` from the JSON beside it; not to be edited. How it is measured: [../README.md](../README.md).

Numbers are medians over the rounds, with their least and most where there were several. Every round that counts was audited:
nothing lost, nothing paid twice, nothing left open.`;

/** Makes the results' README and plots anew from the stored JSON; answers the README's path. */
export async function writeReport(): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const current = await readCommit();
  const sections: string[] = [];
  for (const question of QUESTIONS) {
    const file = await readResultFile(resultPath(question.name, false));
    sections.push(sectionOf(question, file, current));
    if (file) await drawPlots(question, file);
  }
  const path = `${RESULTS}README.md`;
  await writeFile(path, `${[HEAD, ...sections].join("\n\n")}\n`);
  return path;
}

async function drawPlots({ name, plots }: Question, file: ResultFile): Promise<void> {
  for (const plot of plots) {
    const svg = await drawPlot(plot, pointsOf(plot, file));
    await writeFile(`${RESULTS}${plotFile(name, plot)}`, `${svg}\n`);
  }
}
