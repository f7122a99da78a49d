import type { Metrics } from "../metrics/create-metrics.ts";
import { problemDocument } from "./problem-document.ts";
import { PROBLEMS, type HttpProblem } from "./problems.ts";

export interface PlainDeps {
  readonly metrics: Pick<Metrics, "httpProblems">;
  readonly publicUrl: string;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A problem as it is answered where the API is not there: before it is up, and to what never became a request. */
export function plainAnswer(
  { metrics, publicUrl }: PlainDeps,
  problem: HttpProblem,
  requestId: string,
): PlainAnswer {
  metrics.httpProblems.add({ code: problem.code });
  const body = JSON.stringify(problemDocument(problem, { publicUrl, requestId }));
  return {
    status: PROBLEMS[problem.code].status,
    headers: {
      ...problem.extras.headers,
      "content-type": "application/problem+json",
      "content-length": `${Buffer.byteLength(body)}`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
    },
    body,
  };
}
