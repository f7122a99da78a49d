import { ApiProblem, NoAnswer } from "./problem.ts";
import { delayBefore, leavesDoubt, mayRepeat, settlesDoubt, type Tried } from "./repeating.ts";
import { wait } from "./wait.ts";

export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether making it twice is making it once. */
  readonly repeatable: boolean;
}

export interface Sending {
  readonly fetch: typeof fetch;
  /** Of one try, its body included. */
  readonly timeoutMs: number;
  /** The first included. */
  readonly triesMax: number;
  readonly firstDelayMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What was answered with 2xx. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Codes of a connection that never came to be. */
const UNSENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/**
 * Makes the request, again where that is safe and may help. Throws `ApiProblem` for what the service refuses, `NoAnswer`
 * where nobody answers, and the signal's reason once it aborts.
 */
export async function send(request: ApiRequest, sending: Sending): Promise<Answered> {
  let isInDoubt = false;
  for (let tries = 1; ; tries += 1) {
    const tried = await tryOnce(request, sending);
    if (tried.kind === "answered" && tried.status < 300) return tried;
    isInDoubt ||= leavesDoubt(tried, request.method);
    const isOver = tries >= sending.triesMax || !mayRepeat(tried, request.repeatable);
    const delayMs = isOver ? undefined : delayBefore(tried, tries, sending.firstDelayMs);
    if (delayMs === undefined) throw failure(tried, request, isInDoubt);
    await wait(delayMs, sending.signal);
  }
}

async function tryOnce(
  { method, url, headers, body }: ApiRequest,
  { fetch, timeoutMs, signal }: Sending,
): Promise<Tried> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      // A redirect would carry the key to wherever it points.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return { kind: "answered", status: response.status, headers: response.headers, text };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: "silent", isUnsent: isUnsent(error), error };
  }
}

function failure(tried: Tried, { method, url }: ApiRequest, isInDoubt: boolean): Error {
  if (tried.kind === "answered") {
    return new ApiProblem(tried, { isInDoubt: isInDoubt && !settlesDoubt(tried.status) });
  }
  const { origin, pathname } = new URL(url);
  const cause = tried.error;
  const why = tried.isUnsent ? "cannot be reached" : "did not answer";
  return new NoAnswer(`${origin} ${why} (${method} ${pathname}: ${reasonOf(cause)})`, {
    isInDoubt,
    cause,
  });
}

function isUnsent(error: unknown): boolean {
  return causesOf(error).some(({ code }) => code !== undefined && UNSENT.has(code));
}

function reasonOf(error: unknown): string {
  const [deepest] = causesOf(error).toReversed();
  return deepest?.code ?? deepest?.message ?? String(error);
}

/** fetch says "fetch failed"; what happened is in its causes, of which one may be several addresses tried in turn. */
function causesOf(error: unknown): { readonly code?: string; readonly message: string }[] {
  const causes = [];
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code } = current as { code?: unknown };
    causes.push({ message: current.message, ...(typeof code === "string" && { code }) });
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return causes;
}
