/**
 * `npm run spec` checks the models of docs/spec: every configuration with every rule on, and every rule switched off.
 * `--rule NAME` tells one trace in full; `--write` writes the tables into docs/spec/README.md.
 */
import { checkProtocol, searchWithout } from "./check-protocol.ts";
import { writePage } from "./page.ts";
import { faultsOf, named, pageOf, tableOf } from "./report.ts";
import { missingTool, spinVersion } from "./run-spin.ts";
import { SWITCHES } from "./switches.ts";
import { tellInFull } from "./tell-trace.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const tool = await missingTool();
  if (tool !== undefined) {
    console.error(
      `Skipped: ${tool} is not installed. On Debian or Ubuntu: apt-get install spin gcc`,
    );
    return process.env["CI"] === "true" ? 1 : 0;
  }
  const rule = args.indexOf("--rule");
  if (rule >= 0) return tellRule(args[rule + 1] ?? "");
  const startedAt = performance.now();
  const checked = await checkProtocol();
  console.log(tableOf(checked));
  console.log(
    `\n${Math.round((performance.now() - startedAt) / 1000)} s; every search exhaustive; switched-off rules breadth first`,
  );
  if (args.includes("--write")) writePage(pageOf(checked, await spinVersion()));
  const faults = faultsOf(checked);
  for (const fault of faults) console.error(`FAULT ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

async function tellRule(name: string): Promise<number> {
  const off = SWITCHES.find((each) => each.name === name.toUpperCase());
  if (!off) {
    console.error(
      `No rule ${name}. There are:\n  ${SWITCHES.map((each) => each.name).join("\n  ")}`,
    );
    return 1;
  }
  const { broken } = await searchWithout(off);
  console.log(`Without "${off.says}":\n`);
  for (const line of broken ? tellInFull(broken.told) : ["  nothing breaks"]) console.log(line);
  if (broken) console.log(`\n${named(broken.property)}`);
  return broken?.property === off.breaks ? 0 : 1;
}
