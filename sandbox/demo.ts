import { setTimeout as delay } from "node:timers/promises";
import { DEMO_HELP, readDemoArguments, type DemoArguments } from "./demo/arguments.ts";
import { createActs, type Acts, type Say } from "./demo/acts.ts";
import { listenForKeys } from "./demo/keys.ts";
import { tellOnePayment } from "./demo/one-payment.ts";
import { auditDemo, reportText, type DemoReport } from "./demo/report.ts";
import { progressLine, progressOf } from "./demo/watch.ts";
import { startDemoWorld, type DemoWorld } from "./demo/world.ts";
import type { Sandbox } from "./sandbox.ts";

const EXIT_USAGE = 2;
const EXIT_IMBALANCE = 9;
/** The kill and the faults come at these shares of the traffic. */
const KILL_AT = 0.4;
const FAULTS_AT = 0.7;
/** After the last task, with the slowest provider, everything has ended long before this. */
const DRAIN_MS = 120_000;

function introduce(sandbox: Sandbox, options: DemoArguments, say: Say): void {
  const { postgres, kafka, registry, chain, circle } = sandbox;
  say("");
  say("  GigStream Payments. No real money is involved.");
  say(`    real      Postgres 18          port ${postgres.port}`);
  say(`    real      Apache Kafka         ${kafka.brokers.join(",")}`);
  say(`    real      schema registry      ${registry.url}`);
  say(`    emulated  Arc (anvil)          ${chain.rpcUrl}, 0.5 s blocks, our own USDC and EURC`);
  if (options.rail === "circle") {
    say(`    emulated  Circle API           ${circle.baseUrl}, 500–1,500 ms, its limits enforced`);
    say("    real      Circle's SDK, unmodified");
  }
}

/** Publishes the traffic while the acts happen beside it; resolves when everything has ended, or nothing moves. */
async function runTraffic(
  world: DemoWorld,
  options: DemoArguments,
  stage: { acts: Acts; say: Say; signal: AbortSignal },
): Promise<void> {
  const { payments, ratePerSecond, calm } = options;
  const { acts, say, signal } = stage;
  say("");
  say(`  Traffic: ${payments} tasks at ${ratePerSecond} a second`);
  const publishing = world.traffic.publish(payments, ratePerSecond);
  const at = async (share: number, act: () => Promise<void>) => {
    await delay((payments / ratePerSecond) * share * 1_000, undefined, { signal });
    await act();
  };
  const scripted = calm
    ? []
    : [
        at(KILL_AT, async () => {
          // Done for whoever has not pressed k by then.
          if (acts.kills.length === 0) await acts.kill();
        }),
        at(FAULTS_AT, async () => {
          await acts.duplicate();
          await acts.loseAnswers();
        }),
      ];
  const status = setInterval(() => {
    say(`  ${progressLine(progressOf(world.ledger.tasks, world.events.outcomes))}`);
  }, 1_000);
  try {
    await Promise.all([publishing, ...scripted]);
    const deadlineMs = Date.now() + DRAIN_MS;
    while (Date.now() < deadlineMs && !signal.aborted) {
      if (progressOf(world.ledger.tasks, world.events.outcomes).inFlight === 0) break;
      await delay(50);
    }
  } finally {
    clearInterval(status);
  }
}

async function demo(options: DemoArguments, signal: AbortSignal): Promise<DemoReport> {
  const say: Say = (line) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  say("Starting the sandbox and the service …");
  await using world = await startDemoWorld(options.rail, signal, (sandbox) =>
    introduce(sandbox, options, say),
  );
  await tellOnePayment(world, say);
  const acts = createActs(world, options.rail, say);
  const quit = new AbortController();
  const letGo = options.unattended
    ? () => undefined
    : listenForKeys({
        k: () => void acts.kill().catch((error: unknown) => say(`  ${String(error)}`)),
        d: () => void acts.duplicate().catch((error: unknown) => say(`  ${String(error)}`)),
        l: () => void acts.loseAnswers().catch((error: unknown) => say(`  ${String(error)}`)),
        q: () => quit.abort(),
      });
  if (!options.unattended) say("  k kills the service · d duplicates · l lost answers · q ends");
  try {
    const ending = AbortSignal.any([signal, quit.signal]);
    await runTraffic(world, options, { acts, say, signal: ending });
  } finally {
    letGo();
  }
  const report = await auditDemo(world, acts.kills, {
    rail: options.rail,
    ratePerSecond: options.ratePerSecond,
  });
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
