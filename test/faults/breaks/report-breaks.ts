import { runBreaks } from "./run-breaks.ts";

/** `--breaks [--only NAME] [--json]`: answers the exit code, 0 only where every break was caught. */
export async function reportBreaks(only: string, json: boolean): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const results = await runBreaks({ only, say });
  if (results === null) return 1;
  const missed = results.filter(({ caughtBy }) => caughtBy === null).length;
  const summary = `${results.length} breaks, ${missed} not caught`;
  process.stdout.write(`${json ? JSON.stringify(results) : summary}\n`);
  return missed === 0 && results.length > 0 ? 0 : 1;
}
