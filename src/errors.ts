/**
 * What may be done about an error. Translated once, in the adapter that met it.
 * - `retry`: nothing happened, the same call may be made again;
 * - `reject`: a definite no that no retry mends;
 * - `reconcile`: it may or may not have happened: look before acting. The default for anything unrecognised,
 *   because treating doubt as "not sent" is how payout engines pay twice.
 */
export type Disposition = "retry" | "reject" | "reconcile";

/** The closed set of operating errors; log lines and metric labels both use it. */
export type ErrorCode =
  | "CONFIG_INVALID"
  | "DATABASE_UNAVAILABLE"
  | "DATABASE_CONFLICT"
  | "DATABASE_VALUE_REFUSED"
  | "KAFKA_UNAVAILABLE"
  | "REGISTRY_UNAVAILABLE"
  | "REGISTRY_INCOMPATIBLE"
  | "PUBLISH_IN_DOUBT"
  | "CHAIN_UNAVAILABLE"
  | "CHAIN_BLOCK_UNKNOWN"
  | "CHAIN_REJECTED"
  | "CIRCLE_UNAVAILABLE"
  | "CIRCLE_THROTTLED"
  | "DEPLOYMENT_MISMATCH"
  | "OPERATION_REFUSED"
  | "OVERLOADED"
  | "OUTCOME_UNKNOWN";

/** An operating error with its handling. A broken invariant is `node:assert`, never this. */
export class PaymentError extends Error {
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    disposition: Disposition,
    message: string,
    options: { cause?: unknown; context?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PaymentError";
    this.code = code;
    this.disposition = disposition;
    this.context = options.context ?? {};
  }
}

/** The disposition of any thrown value: only a `PaymentError` may claim to be anything but doubt. */
export function dispositionOf(error: unknown): Disposition {
  return error instanceof PaymentError ? error.disposition : "reconcile";
}
