import { PROBLEMS, type HttpProblem } from "./problems.ts";

/** What stands in the body, as `application/problem+json` (RFC 9457). */
export function problemDocument(
  { code, message, extras }: HttpProblem,
  { publicUrl, requestId }: { readonly publicUrl: string; readonly requestId: string },
) {
  const { status, title, retryable } = PROBLEMS[code];
  return {
    type: `${publicUrl}/problems/${code}`,
    title,
    status,
    detail: message,
    code,
    retryable,
    requestId,
    errors: extras.errors ?? [],
    ...extras.members,
  };
}
