/** `npm run bench -- NAME`: starts a run that goes on by itself, and shows what it says. */
import { BENCH_HELP, readBenchArguments } from "./arguments.ts";
import { writeReport } from "./report/write-report.ts";
import { followRun, logPathOf, runsUnderWay, startDetached, stopRun } from "./run/detached.ts";

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

async function follow(name: string): Promise<number> {
  const watching = new AbortController();
  process.once("SIGINT", () => watching.abort());
  const exitCode = await followRun(name, (text) => process.stdout.write(text), watching.signal);
  if (exitCode !== "still running") return exitCode;
  console.log(`\nIt goes on; its log is ${logPathOf(name)}.
  npm run bench -- ${name} --follow    watches it again
  npm run bench -- ${name} --stop      ends it`);
  return EXIT_INTERRUPTED;
}

async function bench(args: readonly string[]): Promise<number> {
  const options = readBenchArguments(args);
  if (options.report) {
    console.log(`wrote ${await writeReport()}`);
    return 0;
  }
  if (options.help || !options.question) {
    console.log(BENCH_HELP);
    return options.help ? 0 : EXIT_USAGE;
  }
  const { name } = options.question;
  if (options.stop) {
    console.log((await stopRun(name)) ? `${name} was stopped` : `${name} is not running`);
    return 0;
  }
  if (options.follow) return follow(name);
  const [underWay] = await runsUnderWay();
  if (underWay !== undefined) {
    console.error(`bench: ${underWay} is under way; --follow watches it, --stop ends it`);
    return EXIT_USAGE;
  }
  await startDetached(name, args);
  return follow(name);
}

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof TypeError ? EXIT_USAGE : 1;
}
