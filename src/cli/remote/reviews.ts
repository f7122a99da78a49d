import type { Review } from "../../client/api.ts";
import type { ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { printList, type ListOptions } from "./print-list.ts";
import { withClient } from "./with-client.ts";

export interface ReviewListOptions extends ListOptions {
  readonly platform?: string;
  readonly code?: string;
}

/** Oldest doubt first, each with what to do about it. */
export async function reviewListCommand(
  output: Output,
  options: ReviewListOptions,
): Promise<ExitCode> {
  const { platform: platformId, code } = options;
  return withClient(output, options, async (client) => {
    const pages = (limit: number) =>
      client.each("listReviews", { query: { platformId, code, limit } });
    return printList(output, options, { pages, line: reviewText, none: "no payment is in review" });
  });
}

function reviewText(review: Review): string {
  const { id, generation, amount, currency, workerId, doubt, doubtCode, intent, advice } = review;
  return [
    `${id}  generation ${generation}  ${amount} ${currency} to worker ${workerId}`,
    `  ${doubtCode} since ${doubt?.since}, sending ${intent ?? "nothing"}`,
    `  ${advice}`,
  ].join("\n");
}
