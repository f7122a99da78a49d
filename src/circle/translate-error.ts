import { HttpRequestError, HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import type { SendReport } from "../dispatch/rail.ts";
import { PaymentError } from "../errors.ts";

type Refusal = Extract<SendReport, { kind: "retry" | "refused" }>;

/** Circle has no published Retry-After; a second is its limits' own period. */
const THROTTLED_MS = 1_000;
const UNANSWERED_MS = 500;
/** An operator must act; asking more often helps nobody. */
const OPERATOR_MS = 5_000;

/** Answered "not taken", for want of room, gas or an operator's act: the same key goes again. Source: Circle's codes. */
const SAME_KEY: Readonly<Record<number, { afterMs: number; code: string }>> = {
  155201: { afterMs: OPERATOR_MS, code: "operator_out_of_gas" },
  155258: { afterMs: OPERATOR_MS, code: "operator_out_of_gas" },
  155204: { afterMs: OPERATOR_MS, code: "operator_out_of_gas" },
  155202: { afterMs: UNANSWERED_MS, code: "circle_nonce_inconsistent" },
  155264: { afterMs: THROTTLED_MS, code: "circle_queue_full" },
  155501: { afterMs: OPERATOR_MS, code: "circle_wallet_frozen" },
  // A ciphertext met twice; the SDK makes a new one for each call.
  156004: { afterMs: 0, code: "circle_ciphertext_reused" },
  156013: { afterMs: OPERATOR_MS, code: "circle_entity_secret" },
  156016: { afterMs: OPERATOR_MS, code: "circle_entity_secret" },
  156019: { afterMs: OPERATOR_MS, code: "circle_entity_secret" },
};

/**
 * What a failed POST means for its send. Unanswered, throttled and 5xx go again under the same key; so does all that is
 * a matter of capacity or of an operator's doing. Any other answered refusal gets a new key, which PayOnce makes safe.
 */
export function translatePostError(error: unknown): Refusal {
  const detail = wordsOf(error);
  if (!(error instanceof HttpResponseError)) return inDoubt("circle_unanswered", detail);
  const { status, code } = error;
  if (status === 429) {
    return notTaken("circle_throttled", retryAfterMs(error) ?? THROTTLED_MS, detail);
  }
  const known = SAME_KEY[code];
  if (known) return notTaken(known.code, known.afterMs, detail);
  if (status === 401 || status === 403) return notTaken("circle_credentials", OPERATOR_MS, detail);
  // 408: a proxy's word that it waited in vain, for us or for Circle.
  if (status >= 500 || status === 408) return inDoubt("circle_unavailable", detail, THROTTLED_MS);
  return { kind: "refused", code: `circle_${code}`, detail };
}

/**
 * Codes whose request certainly created nothing: Circle found its parameters, its wallet or its estimate wanting. From
 * the codes and messages that its SDK exports (10.8.1). Not among them: -1 ("something went wrong") and 156020 ("use a
 * new idempotency key"), which may well be said of a key that has paid.
 */
const NOTHING_CREATED: ReadonlySet<number> = new Set([
  2, 155203, 155205, 155206, 155207, 155208, 155209, 155210, 155211, 155219, 155220, 155221, 155224,
  155231, 155232, 155233, 155234, 155235, 155236, 155237, 155238, 155239, 155241, 156001, 156002,
  156006, 156027, 156031, 156032,
]);

/**
 * What a failed POST of a plain transfer means. Only a code that says so proves that nothing was created; a 429, a 5xx or
 * an unknown code may be a proxy's word on a request that Circle carried out, so the same key goes on being asked.
 */
export function translateTransferError(error: unknown): Refusal {
  const detail = wordsOf(error);
  if (!(error instanceof HttpResponseError)) return inDoubt("circle_unanswered", detail);
  const { status, code } = error;
  const refuses = status >= 400 && status < 500 && status !== 429 && status !== 408;
  const known = SAME_KEY[code];
  if (refuses && known) return notTaken(known.code, known.afterMs, detail);
  if (refuses && NOTHING_CREATED.has(code))
    return { kind: "refused", code: `circle_${code}`, detail };
  if (status === 401 || status === 403) return notTaken("circle_credentials", OPERATOR_MS, detail);
  if (status === 429) {
    const afterMs = retryAfterMs(error) ?? THROTTLED_MS;
    return { ...inDoubt("circle_throttled", detail, afterMs), answered: true };
  }
  return { ...inDoubt("circle_unavailable", detail, THROTTLED_MS), answered: true };
}

/** What a failed GET means; reads can always be repeated. */
export function translateReadError(cause: unknown): PaymentError {
  const status = cause instanceof HttpResponseError ? cause.status : undefined;
  if (status === 401 || status === 403) {
    const message = "Circle refuses CIRCLE_API_KEY.";
    return new PaymentError("DEPLOYMENT_MISMATCH", "reject", message, { cause });
  }
  const code = status === 429 ? "CIRCLE_THROTTLED" : "CIRCLE_UNAVAILABLE";
  return new PaymentError(code, "retry", `Circle could not be asked: ${wordsOf(cause)}`, { cause });
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return [prefixOf(error), words].filter(Boolean).join(" ").slice(0, 500);
}

function prefixOf(error: unknown): string {
  if (error instanceof HttpResponseError) return `${error.status} ${error.code}:`;
  return error instanceof HttpRequestError ? `${error.code}:` : "";
}

function notTaken(code: string, afterMs: number, detail: string): Refusal {
  return { kind: "retry", afterMs, code, detail, capacity: true };
}

function inDoubt(
  code: string,
  detail: string,
  afterMs = UNANSWERED_MS,
): Extract<Refusal, { kind: "retry" }> {
  return { kind: "retry", afterMs, code, detail };
}

/** Whether Circle sends this header is not documented; a value beyond a minute is not believed. */
function retryAfterMs(error: HttpResponseError): number | undefined {
  const seconds = Number(error.error?.response?.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 && seconds <= 60 ? seconds * 1_000 : undefined;
}
