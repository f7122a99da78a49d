import { HttpRequestError, RpcRequestError, TimeoutError } from "viem";

export interface NodeError {
  readonly code: number;
  readonly message: string;
}

/** Why there is no answer. */
export interface Trouble {
  readonly trouble: string;
  /** The node answered, but only that it is asked too often. */
  readonly isThrottle: boolean;
}

/** -32011 is what Arc's public RPC answers, with HTTP 200, to one who asks too often; -32005 is the usual spelling. */
const THROTTLING_CODES: ReadonlySet<number> = new Set([429, -32005, -32011, -32029, -32097]);
const THROTTLING_TEXT = /rate.?limit|request limit|too many requests|compute units|quota exceeded/i;

/** Whether the node only wants to be asked less often. */
export function isThrottling(error: NodeError): boolean {
  return THROTTLING_CODES.has(error.code) || THROTTLING_TEXT.test(error.message);
}

/** These say that a gateway failed, whatever its body says. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * What went wrong on the way to a node and back, in words that hold neither the URL nor the request, both of which viem
 * puts into its messages. A single call's JSON-RPC error is an answer even if a proxy gave it an HTTP error status.
 */
export function transportTrouble(
  error: unknown,
  callCount: number,
): { readonly answers: readonly { readonly error: NodeError }[] } | Trouble {
  if (error instanceof TimeoutError)
    return { trouble: "did not answer in time", isThrottle: false };
  if (error instanceof RpcRequestError) {
    const { status = 0, code, details: message } = error;
    const isThrottle = status === 429 || isThrottling({ code, message });
    if (callCount === 1 && !GATEWAY_STATUSES.has(status) && !isThrottle) {
      return { answers: [{ error: { code, message } }] };
    }
    return { trouble: `answered HTTP ${status}, code ${code}: ${message}`, isThrottle };
  }
  if (error instanceof HttpRequestError && error.status !== undefined) {
    return { trouble: `answered HTTP ${error.status}`, isThrottle: error.status === 429 };
  }
  const code = systemCodeOf(error) ?? "no usable answer";
  return { trouble: `could not be reached (${code})`, isThrottle: false };
}

const CAUSES_MAX = 6;

/** ECONNREFUSED and its like, wherever undici hid it. */
function systemCodeOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    if ("code" in current && typeof current.code === "string") return current.code;
    current = current.cause;
  }
  return undefined;
}
