import { z } from "zod";
import { LEDGER_CHECKS } from "./ledger-checks.ts";
import type { LedgerCheck } from "./ledger-check.ts";
import type { Mismatch } from "./verification.ts";

/** What is on its way to be right, as after a restore was confirmed, is right after this. */
const PASSING_MS = 5_000;

export const suspect = z.object({
  kind: z.string(),
  paymentId: z.string().nullable(),
  blockNumber: z.string().nullable(),
  /** When it was first found, in ms. */
  sinceMs: z.number(),
  /** Whether a look has named it as lasting. */
  isTold: z.boolean(),
});
export type Suspect = z.infer<typeof suspect>;
type Place = Omit<Suspect, "sinceMs" | "isTold">;

export interface Judged {
  readonly suspects: readonly Suspect[];
  /** Found some seconds ago for the first time, and named here for the first time. */
  readonly lasting: readonly Mismatch[];
  /** Some were just found that only the same window can show once more: it has to be looked at again. */
  readonly isWindowHeld: boolean;
}

/** What of all that was found was found before, and what lasts. */
export function judgeSuspects(
  { suspects: earlier, now }: { readonly suspects: readonly Suspect[]; readonly now: Date },
  mismatches: readonly Mismatch[],
): Judged {
  const known = new Map(earlier.map((one) => [keyOf(one), one]));
  const lasting: Mismatch[] = [];
  let isWindowHeld = false;
  const suspects = mismatches.map((mismatch): Suspect => {
    const place = placeOf(mismatch);
    const before = known.get(keyOf(place));
    if (!before && isOfWindow(mismatch)) isWindowHeld = true;
    const { sinceMs, isTold } = before ?? { sinceMs: now.getTime(), isTold: false };
    const lasts = now.getTime() - sinceMs >= PASSING_MS;
    if (lasts && !isTold) lasting.push(mismatch);
    return { ...place, sinceMs, isTold: lasts };
  });
  return { suspects, lasting, isWindowHeld };
}

function isOfWindow({ kind }: Mismatch): boolean {
  const checks: Readonly<Record<string, LedgerCheck>> = LEDGER_CHECKS;
  return checks[kind]?.by === "window";
}

function placeOf({ kind, paymentId, blockNumber }: Mismatch): Place {
  return { kind, paymentId, blockNumber: blockNumber?.toString() ?? null };
}

function keyOf({ kind, paymentId, blockNumber }: Place): string {
  return `${kind} ${paymentId ?? ""} ${blockNumber ?? ""}`;
}
