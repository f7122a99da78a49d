import { DEMO_HELP, readDemoArguments, type DemoArguments } from "./demo/arguments.ts";
import { createActs, type Acts, type Say } from "./demo/acts.ts";
import { createBoard } from "./demo/board/board.ts";
import { introducePage, introduceParts } from "./demo/introduce.ts";
import { listenForKeys } from "./demo/keys.ts";
import { tellOnePayment } from "./demo/one-payment.ts";
import { servePage } from "./demo/page/serve-page.ts";
import { auditDemo, type DemoReport } from "./demo/report.ts";
import { auditFigures, reportText } from "./demo/report-text.ts";
import { runTraffic } from "./demo/run-traffic.ts";
import { watchWorld } from "./demo/watch-world.ts";
import { startDemoWorld } from "./demo/world.ts";
import { createStampReader } from "./audit/read-stamps.ts";

const EXIT_USAGE = 2;
const EXIT_IMBALANCE = 9;

interface Key {
  readonly key: string;
  readonly does: string;
  readonly press: () => void;
}

/** What a person may do, in the terminal and on the page alike. */
function keysOf(acts: Acts, rail: DemoArguments["rail"], quit: () => void, say: Say): Key[] {
  const act = (doIt: () => Promise<void>) => () =>
    void doIt().catch((error: unknown) => say(`  ${String(error)}`));
  const lost = { key: "l", does: "loses Circle's answers", press: act(acts.loseAnswers) };
  return [
    { key: "k", does: "kills the service", press: act(acts.kill) },
    { key: "d", does: "publishes duplicates", press: act(acts.duplicate) },
    ...(rail === "circle" ? [lost] : []),
    { key: "q", does: "ends", press: quit },
  ];
}

async function demo(options: DemoArguments, signal: AbortSignal): Promise<DemoReport> {
  const say: Say = (line) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const { rail, unattended, ratePerSecond } = options;
  say("Starting the sandbox and the service …");
  const board = createBoard();
  const tell: Say = (line) => {
    say(line);
    board.tell(line.trim());
  };
  await using world = await startDemoWorld({
    rail,
    signal,
    onParts: (sandbox) => introduceParts(sandbox, rail, say),
    observer: board,
  });
  await using stamps = createStampReader(world.sandbox.databaseUrl);
  await using running = new AsyncDisposableStack();
  running.use(await watchWorld(world, stamps, board));
  const { journeys } = board;
  const acts = createActs({ world, journeys, stamps, rail, say: tell });
  const quit = new AbortController();
  const keys = unattended ? [] : keysOf(acts, rail, () => quit.abort(), say);
  const onKey = (pressed: string) => {
    const found = keys.find(({ key }) => key === pressed);
    found?.press();
    return found !== undefined;
  };
  board.offer(keys.map(({ key, does }) => ({ key, does })));
  const page = running.use(await servePage({ frame: () => board.frame(Date.now()), onKey }));
  introducePage(page.url, say);
  await tellOnePayment(world, journeys, { say, isSlow: !unattended });
  running.use(listenForKeys(onKey));
  if (keys.length > 0) say(`  ${keys.map(({ key, does }) => `${key} ${does}`).join(" · ")}`);
  const stage = { world, board, acts, quit: quit.signal, stop: signal };
  await runTraffic({ ...stage, say: tell, sayAside: say }, options);
  const report = await auditDemo(world, acts.kills, { rail, ratePerSecond });
  board.conclude(auditFigures(report));
  say(reportText(report));
  return report;
}

async function main(): Promise<number> {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  try {
    const options = readDemoArguments(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(DEMO_HELP);
      return 0;
    }
    const report = await demo(options, stopping.signal);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return report.balanced ? 0 : EXIT_IMBALANCE;
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof TypeError ? EXIT_USAGE : 1;
  }
}

process.exitCode = await main();
