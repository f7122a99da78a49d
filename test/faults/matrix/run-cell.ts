import { rm } from "node:fs/promises";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import type { CellResult, CellSpec, Played } from "./cell-spec.ts";
import { calmChain } from "./chain-acts.ts";
import { confirmRestores } from "./operator-on-call.ts";
import { openStage, type Stage } from "./stage.ts";

/**
 * From the end of the fault until nothing is in flight any more: the bound that every cell is held to. What is in doubt is
 * sent again after a minute, which no setting shortens.
 */
export const RECOVERY_MAX_MS = 75_000;

/** Plays one cell in a world of its own and has it audited. Never throws: what went wrong is the result. */
export async function runCell(sandbox: Sandbox, spec: CellSpec, logs: string): Promise<CellResult> {
  const startedAtMs = Date.now();
  const { name, kind, rail } = spec;
  await rm(logs, { recursive: true, force: true });
  const measured = await measure(sandbox, spec, logs).then(
    (found) => ({ outcome: "passed" as const, ...found }),
    (error: unknown) => ({ outcome: "failed" as const, error: wordsOf(error) }),
  );
  sandbox.chain.resumeBlocks();
  // A chain that cannot be calmed fails the next cell, which says so.
  await calmChain(sandbox).catch(() => undefined);
  if (measured.outcome === "passed") await rm(logs, { recursive: true, force: true });
  return { name, kind, rail, durationMs: Date.now() - startedAtMs, ...measured };
}

async function measure(sandbox: Sandbox, spec: CellSpec, logs: string) {
  await using stage = await openStage(sandbox, { rail: spec.rail, logs, ...spec.options });
  const over = new AbortController();
  const onCall = spec.needsOperator ? confirmRestores(stage, over.signal) : undefined;
  let played: Played;
  try {
    played = await spec.play(stage);
    await stage.untilNothingInFlight(RECOVERY_MAX_MS);
    await played.audit?.();
  } finally {
    over.abort();
    await onCall;
  }
  const { endedAtMs, measured } = played;
  const recoveryMs = Math.max(0, stage.traffic.lastOutcomeMs() - endedAtMs);
  await stage.verified();
  await expectTidyEnd(stage);
  const { published } = await stage.audited();
  const restarts = stage.fleet.restarts();
  return { recoveryMs, payments: published, restarts, ...(measured && { measured }) };
}

async function expectTidyEnd({ fleet }: Stage): Promise<void> {
  const untidy = await fleet.stop();
  if (untidy.length > 0) throw new Error(`did not end as told: ${untidy.join("; ")}`);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const words = error.stack ?? error.message;
  return error.cause === undefined ? words : `${words}\ncaused by ${wordsOf(error.cause)}`;
}
