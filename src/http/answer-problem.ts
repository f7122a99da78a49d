import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { problemDocument } from "./problem-document.ts";
import { PROBLEMS } from "./problems.ts";
import { problemOf } from "./problem-of.ts";

interface AnswerDeps {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "httpProblems">;
  readonly publicUrl: string;
}

/** Answers with the problem behind whatever was thrown. Of a fault of ours the log gets everything, the caller an id. */
export function answerProblem(
  { log, metrics, publicUrl }: AnswerDeps,
  error: unknown,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): FastifyReply {
  const problem = problemOf(error);
  const { status } = PROBLEMS[problem.code];
  metrics.httpProblems.add({ code: problem.code });
  const requestId = request.id;
  if (status >= 500) {
    const { method, routeOptions } = request;
    const what = { requestId, method, route: routeOptions?.url, code: problem.code };
    const err = problem.extras.cause ?? problem;
    if (status === 500) log.error({ ...what, err }, "a request met a fault of the service");
    else log.warn({ ...what, err }, "a request could not be answered now");
  }
  const body = JSON.stringify(problemDocument(problem, { publicUrl, requestId }));
  return reply
    .status(status)
    .headers({ "x-request-id": requestId, ...problem.extras.headers })
    .type("application/problem+json")
    .send(body);
}
