import type { Problem } from "./api.ts";

/** A proxy's page, or anything else that is not a problem of ours. */
type UnreadableCode = "unreadable";

interface Doubt {
  /** Whether an earlier try of the same request may have been done, although nobody said so. */
  readonly isInDoubt: boolean;
}

/** The service said no. Branch on `code`; show `message`; report `requestId`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: Problem["code"] | UnreadableCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly requestId: string | null;
  /** The body as it came (RFC 9457), with the members of this problem alone; undefined where it is no problem of ours. */
  readonly problem: Problem | undefined;
  /** Whether the request may have been done all the same. Nothing was done where this is false. */
  readonly isInDoubt: boolean;

  constructor(
    { status, headers, text }: { status: number; headers: Headers; text: string },
    { isInDoubt }: Doubt,
  ) {
    const problem = problemIn(headers, text);
    super(problem?.detail ?? `The answer was ${status}, and nothing that this API says.`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = problem?.code ?? "unreadable";
    this.retryable = problem?.retryable ?? status >= 500;
    this.requestId = problem?.requestId ?? headers.get("x-request-id");
    this.problem = problem;
    this.isInDoubt = isInDoubt;
  }
}

/** Nobody answered in time, or at all. */
export class NoAnswer extends Error {
  /** Whether the request may have been done all the same. Nothing was done where this is false. */
  readonly isInDoubt: boolean;

  constructor(message: string, { isInDoubt, cause }: Doubt & { readonly cause: unknown }) {
    super(message, { cause });
    this.name = "NoAnswer";
    this.isInDoubt = isInDoubt;
  }
}

function problemIn(headers: Headers, text: string): Problem | undefined {
  if (!headers.get("content-type")?.startsWith("application/problem+json")) return undefined;
  try {
    const value = JSON.parse(text) as Problem;
    return typeof value.code === "string" && typeof value.detail === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
