/** One place of the sources, made wrong. */
export interface Edit {
  readonly file: string;
  /** Stands exactly once in the file: a break that no longer fits is an error, not a pass. */
  readonly find: string;
  readonly replace: string;
}

/** What may notice a break; the cheapest first. */
export type Check =
  | { readonly kind: "simulation"; readonly seeds: number }
  | { readonly kind: "cell"; readonly name: string }
  | { readonly kind: "test"; readonly file: string };

/** A rule of the service that is switched off on purpose, to see that somebody notices. */
export interface Break {
  readonly name: string;
  /** What it would lead to. */
  readonly danger: string;
  readonly edits: readonly Edit[];
  /** Whether contracts must be compiled again. */
  readonly compiles?: true;
  /** Tried in order until one fails. */
  readonly checks: readonly Check[];
}

export interface BreakResult {
  readonly name: string;
  readonly danger: string;
  /** The check that noticed; null: nobody did. */
  readonly caughtBy: string | null;
  readonly reason: string;
  /** Those that were asked before and noticed nothing. */
  readonly unmoved: readonly string[];
}

export function checkName(check: Check): string {
  switch (check.kind) {
    case "simulation":
      return `simulation, ${check.seeds} seeds`;
    case "cell":
      return `cell ${check.name}`;
    case "test":
      return check.file;
  }
}
