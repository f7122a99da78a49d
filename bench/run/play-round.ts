import { FOREIGN_SHARE_MAX, watchForeignLoad } from "../measure/foreign-load.ts";
import type { Audit, Audited, Question, RunContext } from "../question.ts";
import type { PlannedRound } from "./plan-rounds.ts";
import type { RoundResult } from "./result-file.ts";

/** A round that others disturbed is played again, so often at most. */
const REPEATS_MAX = 2;

export interface PlayDeps {
  /** The machine's, unless told. */
  readonly watchLoad?: () => ReturnType<typeof watchForeignLoad>;
  /** What the question has prepared. */
  readonly shared?: unknown;
  /** Whether there is time to play it once more. */
  readonly hasTime: () => boolean;
}

/** Plays one round of one cell until nobody disturbed it, three times at most. Rejects only when it is called off. */
export async function playRound(
  question: Question,
  { cell, round }: PlannedRound,
  context: RunContext,
  { watchLoad = watchForeignLoad, shared, hasTime }: PlayDeps,
): Promise<RoundResult> {
  for (let repeats = 0; ; repeats += 1) {
    const at = new Date();
    const foreignShareOf = await watchLoad();
    const played = await play(() => question.run(cell, context, shared));
    context.signal.throwIfAborted();
    const foreignShare = await foreignShareOf();
    const isDisturbed = foreignShare > FOREIGN_SHARE_MAX;
    const tookMs = Date.now() - at.getTime();
    if (isDisturbed && repeats < REPEATS_MAX && hasTime()) {
      context.say(`  others took ${percent(foreignShare)} of the machine: once more`);
      continue;
    }
    const common = { cell: cell.label, round, at: at.toISOString(), tookMs, repeats };
    return { ...common, foreignShare, isDisturbed, ...played };
  }
}

type Played =
  | ({ readonly outcome: "measured" } & Audited)
  | { readonly outcome: "failed"; readonly error: string };

async function play(run: () => Promise<Audited>): Promise<Played> {
  try {
    const { measures, audit } = await run();
    const wrong = whatIsWrong(audit, measures);
    if (wrong !== "") return { outcome: "failed", error: wrong };
    return { outcome: "measured", measures, audit };
  } catch (error) {
    return { outcome: "failed", error: error instanceof Error ? error.message : String(error) };
  }
}

/** A run that lost or doubled anything, or left something open, is no result; nor is one that paid nothing. */
function whatIsWrong(
  { paidTwice, lost, contradicting, failedButPaid, failed, open, completed }: Audit,
  measures: Audited["measures"],
): string {
  const counts = Object.entries({ paidTwice, lost, contradicting, failedButPaid, failed, open });
  const wrong = counts.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  if (completed === 0) wrong.push("nothing was paid");
  for (const [name, value] of Object.entries(measures)) {
    if (!Number.isFinite(value)) wrong.push(`${name} is ${value}`);
  }
  return wrong.length === 0 ? "" : `the audit: ${wrong.join(", ")}`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
