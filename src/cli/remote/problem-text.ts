import type { Check } from "../../client/api.ts";
import type { ApiProblem } from "../../client/problem.ts";
import { EXIT, type ExitCode } from "../exit.ts";

/** What a refusal means to a script. */
export function exitCodeOfProblem({ code, status, isInDoubt }: ApiProblem): ExitCode {
  switch (code) {
    case "unauthenticated":
    case "insufficient_scope":
      return EXIT.unauthorized;
    case "invalid_request":
    case "payload_too_large":
      return EXIT.usage;
    case "method_not_allowed":
    case "unsupported_media_type":
    case "headers_too_large":
      return EXIT.bug;
    default:
      if (isInDoubt) return EXIT.inDoubt;
      if (code === "internal") return EXIT.bug;
      return status >= 500 || status === 429 || status === 408 ? EXIT.unreachable : EXIT.refused;
  }
}

/** For a person: the code, what happened, each wrong place and each check. */
export function problemText({ code, message, problem, requestId }: ApiProblem): string {
  const places = (problem?.errors ?? []).map(
    ({ in: part, pointer, detail }) => `  ${part}${pointer}: ${detail}`,
  );
  const checks = checksIn(problem?.["checks"]).map((check) => `  ${checkText(check)}`);
  const request = requestId === null ? "" : ` (request ${requestId})`;
  return [`${code}: ${message}${request}`, ...places, ...checks].join("\n");
}

export function checkText({ name, expected, actual, passed }: Check): string {
  return `${passed ? "passed" : "failed"}  ${name}: expected ${expected}, found ${actual}`;
}

function checksIn(value: unknown): readonly Check[] {
  return Array.isArray(value) ? (value as Check[]) : [];
}
