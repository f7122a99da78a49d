import { expect, test } from "vitest";
import { exitCodeOfProblem, problemText } from "../../../src/cli/remote/problem-text.ts";
import { ApiProblem } from "../../../src/client/problem.ts";
import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from "../../../src/http/problems.ts";

function problem(code: ProblemCode, { isInDoubt = false, members = {} } = {}): ApiProblem {
  const { status, retryable } = PROBLEMS[code];
  const body = { code, status, retryable, detail: "so it is", requestId: "r-1", errors: [] };
  const headers = new Headers({ "content-type": "application/problem+json" });
  const text = JSON.stringify({ ...body, ...members });
  return new ApiProblem({ status, headers, text }, { isInDoubt });
}

test("a script can tell wrong use, no right, not now and not so apart, whatever the service's code", () => {
  const exits = Map.groupBy(PROBLEM_CODES, (code) => exitCodeOfProblem(problem(code)));
  expect(exits.get(2)).toEqual(["invalid_request", "payload_too_large"]);
  expect(exits.get(6)).toEqual(["unauthenticated", "insufficient_scope"]);
  expect(exits.get(1)).toEqual([
    "method_not_allowed",
    "unsupported_media_type",
    "headers_too_large",
    "internal",
  ]);
  expect(exits.get(4)).toEqual([
    "request_timeout",
    "rate_limited",
    "overloaded",
    "chain_unavailable",
    "database_unavailable",
  ]);
  expect(new Set(exits.keys())).toEqual(new Set([1, 2, 4, 5, 6]));
});

test("what may have been done exits 8, so that no script pays by other means", () => {
  for (const code of ["internal", "database_unavailable", "rate_limited"] as const) {
    expect(exitCodeOfProblem(problem(code, { isInDoubt: true }))).toBe(8);
  }
});

test("a person reads the code, the reason, the request's id, each wrong place and each check", () => {
  const errors = [{ in: "body", pointer: "/amount", code: "invalid", detail: "Write an amount." }];
  const checks = [{ name: "to", expected: "0x1", actual: "0x2", passed: false }];
  const text = problemText(problem("evidence_rejected", { members: { errors, checks } }));
  expect(text.split("\n")).toEqual([
    "evidence_rejected: so it is (request r-1)",
    "  body/amount: Write an amount.",
    "  failed  to: expected 0x1, found 0x2",
  ]);
});
