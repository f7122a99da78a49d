import type { Sandbox } from "../sandbox.ts";
import type { Rail } from "../service-settings.ts";
import type { Say } from "./acts.ts";

/** One line per part: what it is, where it is, and whether it is the real thing. */
export function introduceParts(sandbox: Sandbox, rail: Rail, say: Say): void {
  const { postgres, kafka, registry, chain, circle } = sandbox;
  say("");
  say("  GigStream Payments. No real money is involved.");
  say(`    real      Postgres 18          port ${postgres.port}`);
  say(`    real      Apache Kafka 4.1     ${kafka.brokers.join(",")}`);
  say(`    real      Apicurio 3.0         ${registry.url}, the schema registry`);
  say(`    emulated  Arc (anvil 1.7)      ${chain.rpcUrl}, 0.5 s blocks, our own USDC and EURC`);
  if (rail === "circle") {
    say(`    emulated  Circle API           ${circle.baseUrl}, 500–1,500 ms, its limits enforced`);
    say("    real      Circle's SDK, unmodified");
  }
}

/** Where to look on. */
export function introducePage(url: string, say: Say): void {
  say("");
  say(`  Live: ${url}`);
  say("        the auditor serves it, not the service, so it outlives the kill; as text:");
  say(`        curl -N ${url}events`);
}
