import { z } from "zod";
import { notFound, PROBLEMS, type ProblemCode } from "../problems.ts";
import { defineRoute } from "../route.ts";

/** Where the `type` of every problem leads. */
export const showProblem = defineRoute({
  method: "GET",
  path: "/problems/{code}",
  operationId: "showProblem",
  tag: "Service",
  summary: "Explain a problem code",
  description: "For people: where the `type` of every problem leads.",
  access: "open",
  params: z.object({
    code: z.string().max(100).meta({ description: "`code` of a problem", example: "not_found" }),
  }),
  answers: {
    200: {
      description: "What it means and what to do",
      body: z.string(),
      mediaType: "text/html; charset=utf-8",
    },
  },
  problems: ["not_found"],
})(async ({ params: { code } }) => {
  if (!Object.hasOwn(PROBLEMS, code)) throw notFound("problem");
  const headers = { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" };
  return { status: 200, body: pageOf(code as ProblemCode), headers };
});

function pageOf(code: ProblemCode): string {
  const { status, title, help, retryable } = PROBLEMS[code];
  const again = retryable
    ? "The same request may be made again."
    : "The same request will end the same way.";
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${code}</title><style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}</style></head>
<body><h1>${title}</h1><p><code>${code}</code>, HTTP ${status}</p><p>${escaped(help)}</p><p>${again}</p></body>
</html>
`;
}

/** Text of ours, in which a code stands between backticks. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
