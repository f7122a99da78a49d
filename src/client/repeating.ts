/** How one try of a request went. */
export type Tried =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
    }
  /** `isUnsent`: there was no connection, so nobody has read it. */
  | { readonly kind: "silent"; readonly isUnsent: boolean; readonly error: unknown };

/** These POSTs pay a task at most once however often they are made: its payment's key is derived from it, and kept. */
const REPEATABLE_POSTS: ReadonlySet<string> = new Set(["/v1/payments", "/v1/payments/bulk"]);
/** A gateway's own; 500 is the service's, and would be so again. */
const GATEWAY = new Set([502, 503, 504]);
/** Refused before any of it was done. */
const UNDONE = new Set(["overloaded", "chain_unavailable"]);
/** Refused before it was read: to be made again, whatever it is. */
const UNREAD = new Set(["overloaded", "request_timeout"]);
/** These say who asks and how, not what: an earlier try of the same may have got through. */
const OF_THE_CALLER = new Set([401, 403, 408, 429]);
const DELAY_MAX_MS = 30_000;

/** Whether doing it twice is doing it once. */
export function isRepeatable(method: string, path: string): boolean {
  return method === "GET" || method === "PUT" || (method === "POST" && REPEATABLE_POSTS.has(path));
}

/** Whether the request should be made again: what was certainly not done always, what may have been done only if repeatable. */
export function mayRepeat(tried: Tried, repeatable: boolean): boolean {
  if (tried.kind === "silent") return repeatable || tried.isUnsent;
  const isUnread = tried.status === 429 || UNREAD.has(codeIn(tried.text));
  return isUnread || (repeatable && GATEWAY.has(tried.status));
}

/** Whether this try may have changed something although it did not say so. */
export function leavesDoubt(tried: Tried, method: string): boolean {
  if (method === "GET") return false;
  if (tried.kind === "silent") return !tried.isUnsent;
  return tried.status >= 500 && !UNDONE.has(codeIn(tried.text));
}

/** Whether the answer settles earlier doubts: the same request would have been refused then as well. */
export function settlesDoubt(status: number): boolean {
  return status >= 400 && status < 500 && !OF_THE_CALLER.has(status);
}

/**
 * How long to wait before the next try: what the answer asks for, else twice as long each time with full jitter, so that
 * those who were refused together do not come back together. Undefined: longer than anybody should be kept waiting here.
 */
export function delayBefore(tried: Tried, tries: number, firstDelayMs: number): number | undefined {
  const asked = tried.kind === "answered" ? tried.headers.get("retry-after") : null;
  if (asked !== null && /^\d{1,9}$/.test(asked)) {
    const askedMs = Number(asked) * 1_000;
    return askedMs <= DELAY_MAX_MS ? askedMs : undefined;
  }
  return Math.random() * Math.min(DELAY_MAX_MS, firstDelayMs * 2 ** tries);
}

function codeIn(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? "";
}
