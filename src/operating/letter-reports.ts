import type { ReplayResult } from "../acceptance/replay-dead-letter.ts";
import type { PaymentState } from "../payment/state.ts";

interface LetterProblem {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
}

export interface ReplayReport {
  readonly dryRun: boolean;
  readonly replayed: number;
  /** Those that are as open or as closed as before. */
  readonly refused: number;
  /** One per letter, in order. */
  readonly results: readonly {
    readonly deadLetterId: string;
    readonly status: "replayed" | "refused";
    readonly verdict: "new" | "duplicate" | "reopened" | null;
    readonly paymentId: string | null;
    readonly generation: number | null;
    readonly state: PaymentState | null;
    readonly problem: LetterProblem | null;
  }[];
}

/** What became of a replay, as the API answers it. */
export function replayReport(
  results: readonly (ReplayResult & { readonly deadLetterId: string })[],
  dryRun: boolean,
): ReplayReport {
  const items = results.map(replayItem);
  const replayed = items.filter(({ status }) => status === "replayed").length;
  return { dryRun, replayed, refused: items.length - replayed, results: items };
}

function replayItem(
  result: ReplayResult & { readonly deadLetterId: string },
): ReplayReport["results"][number] {
  const { deadLetterId } = result;
  const nothing = { verdict: null, paymentId: null, generation: null, state: null };
  switch (result.kind) {
    case "replayed": {
      const { verdict, paymentId, generation, state } = result;
      const payment = { verdict, paymentId, generation, state };
      return { deadLetterId, status: "replayed", ...payment, problem: null };
    }
    case "refused": {
      const { code, message, field, paymentId } = result;
      const problem = { code, message, field };
      return { deadLetterId, status: "refused", ...nothing, paymentId, problem };
    }
    case "closed":
      return { deadLetterId, status: "refused", ...nothing, problem: closed(result.status) };
    case "not_found":
      return { deadLetterId, status: "refused", ...nothing, problem: NOT_FOUND };
  }
}

const NOT_FOUND: LetterProblem = {
  code: "not_found",
  message: "There is no such dead letter.",
  field: null,
};

function closed(status: string): LetterProblem {
  const message = `It was ${status} before; nothing was changed.`;
  return { code: "dead_letter_closed", message, field: null };
}
