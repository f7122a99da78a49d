interface Kind {
  readonly status: number;
  readonly title: string;
  /** Whether the same request may be made again as it is, and can then succeed. */
  readonly retryable: boolean;
  /** What to do about it, for `/problems/{code}` and the documentation. */
  readonly help: string;
}

const no = (status: number, title: string, help: string): Kind => ({
  status,
  title,
  retryable: false,
  help,
});

const later = (status: number, title: string, help: string): Kind => ({
  status,
  title,
  retryable: true,
  help,
});

/** Every way in which a request can end without success. The set is closed: programs may branch on it. */
export const PROBLEMS = {
  invalid_request: no(
    400,
    "The request is malformed",
    "`errors` says for each wrong place what is wrong with it. Nothing was done. Correct the request and make it again.",
  ),
  unauthenticated: no(
    401,
    "No valid API key",
    "Send `Authorization: Bearer gsp_…` with a key that is neither expired nor revoked. `gigpay keys create` mints one.",
  ),
  signature_invalid: no(
    401,
    "The signature does not fit",
    "Sign `{webhook-id}.{webhook-timestamp}.{body}` with the platform's webhook secret over the bytes exactly as they are sent (Standard Webhooks). Circle signs with a key of its own.",
  ),
  timestamp_out_of_tolerance: no(
    401,
    "The signature's time is too far off",
    "`webhook-timestamp` may be off by five minutes. Sign anew at each try, and keep the clock right.",
  ),
  insufficient_scope: no(
    403,
    "The key may not do this",
    "The key lacks the scope that the operation asks for, or is bound to one platform where only a key for all will do. `detail` names what is missing.",
  ),
  not_found: no(
    404,
    "There is no such thing",
    "Nothing is there under this id, or it is another platform's, which a key cannot tell apart.",
  ),
  method_not_allowed: no(
    405,
    "The method is not allowed here",
    "`Allow` lists the methods of this path.",
  ),
  request_timeout: later(
    408,
    "The request took too long to come",
    "Nothing was done. A request must be there within 20 seconds, its headers within 10. Make it again.",
  ),
  event_id_conflict: no(
    409,
    "The event id was used for something else",
    "An event with this id was accepted with other content; `field` says where they differ, `paymentId` what it became. Nothing was done. Send the same content again, or take a new id for another task.",
  ),
  idempotency_key_conflict: no(
    409,
    "The idempotency key was used for something else",
    "A payment with this key exists and differs in `field`; `paymentId` is that payment. Nothing was done. Repeat the first content exactly, or take a new key for another task.",
  ),
  task_has_payment: no(
    409,
    "The task has a payment",
    "A task is paid once. It has a payment under another idempotency key, or terms that a change would contradict; `paymentId` is that payment, `field` what differs.",
  ),
  generation_mismatch: no(
    409,
    "The payment has gone on",
    "The payment is in another generation than `expectedGeneration`: somebody was quicker. Look at it again, then decide.",
  ),
  payment_not_failed: no(
    409,
    "The payment has not failed",
    "Only a failed payment is retried. What is on its way, in doubt or paid is not.",
  ),
  payment_not_in_review: no(
    409,
    "The payment is not in review",
    "Only a payment in review is resolved.",
  ),
  would_fail_again: no(
    409,
    "It would fail again",
    "What made it fail is still so: `detail` says what. Mend it, then retry. Nothing was changed.",
  ),
  task_already_paid: no(
    409,
    "The chain says that it was paid",
    "It is settled by that, or goes to review. Look at it again.",
  ),
  before_restore: no(
    409,
    "From before a restored backup",
    "A plain transfer from before a restore is not retried: it may have been paid and forgotten.",
  ),
  transfer_has_no_void: no(
    409,
    "A plain transfer cannot be closed",
    "It ends when Circle's answer is known. Cancel it in Circle's console if it is still queued there.",
  ),
  restore_unconfirmed: no(
    409,
    "A restored backup is not confirmed",
    "Nothing is opened anew until an operator has confirmed the restore with `gigpay restored`.",
  ),
  dead_letter_closed: no(
    409,
    "The dead letter is closed",
    "It was replayed or discarded before. Nothing was changed.",
  ),
  reconciliation_running: no(
    409,
    "A verification runs already",
    "One runs at a time, over all instances; `reconciliationId` is the one that does. Wait for it, or read its report.",
  ),
  event_history_expired: no(
    410,
    "The events after this id are no longer kept",
    "Live events can be had again for 7 days. Read what became of your payments by `GET /v1/payments`, then connect without `Last-Event-ID`.",
  ),
  evidence_rejected: no(
    422,
    "The evidence does not bear it out",
    "`checks` says what was looked at, what was expected and what was found. There is no override. Nothing was changed.",
  ),
  webhook_url_forbidden: no(
    422,
    "Webhooks are not sent there",
    "`detail` says why. Give an `https://` URL on port 443 or 8443 whose name has a public address, without user name, password or fragment. Receivers within the operator's own networks need `WEBHOOK_ALLOWED_CIDRS`.",
  ),
  webhook_endpoint_limit: no(
    409,
    "The platform has all the webhook endpoints that it may have",
    "Delete one that is not needed. One endpoint can be told of several event types.",
  ),
  webhook_endpoint_disabled: no(
    409,
    "The webhook endpoint is disabled",
    'Nothing is sent to it. `disabled` of the endpoint says since when and why; once that is mended, enable it with `PATCH {"enabled": true}`.',
  ),
  payload_too_large: no(
    413,
    "The body is too large",
    "Send less at a time: a bulk takes at most 500 items, a body at most what HTTP_BODY_LIMIT_BYTES says (1 MiB by default).",
  ),
  unsupported_media_type: no(
    415,
    "The body is not JSON",
    "Send `Content-Type: application/json` in UTF-8, without a Content-Encoding.",
  ),
  rate_limited: later(
    429,
    "Too many requests",
    "`Retry-After` says in how many seconds the next one is taken, `RateLimit-Policy` what is allowed.",
  ),
  headers_too_large: no(
    431,
    "The headers are too large",
    "The first line and the headers hold at most 16 KiB together. Nothing was done.",
  ),
  internal: no(
    500,
    "A fault of the service",
    "Not your request's fault. Payments may be asked for again as they are, since a task is paid once. Report `requestId` if it lasts.",
  ),
  overloaded: later(
    503,
    "Too much at once",
    "Nothing of this request was accepted. Make the same request again after `Retry-After`.",
  ),
  chain_unavailable: later(
    503,
    "The chain, Circle or the registry is away",
    "What was asked for needs a part that does not answer. Make the same request again.",
  ),
  database_unavailable: later(
    503,
    "The database is away",
    "The request may or may not have been done. Make the same request again: what was done is not done twice.",
  ),
} as const satisfies Readonly<Record<string, Kind>>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

/** One wrong place of a request. */
export interface ProblemPlace {
  readonly in: "body" | "query" | "path" | "header";
  /** A JSON pointer (RFC 6901) within that part; "" is the whole of it. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface ProblemExtras {
  readonly errors?: readonly ProblemPlace[];
  /** Members of this problem alone, such as `paymentId`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A request that ends without success. Thrown by whoever knows, answered in one place. */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = "HttpProblem";
    this.code = code;
    this.extras = extras;
  }
}

/** The usual way to say that something is not there, or not yours. */
export function notFound(what: string): HttpProblem {
  return new HttpProblem("not_found", `There is no such ${what}.`);
}
