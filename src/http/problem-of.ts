import { PaymentError } from "../errors.ts";
import { HttpProblem } from "./problems.ts";

const RETRY_SOON = { "retry-after": "1" };

/** What Fastify itself objects to, by its code. */
const FRAMEWORK: Readonly<Record<string, () => HttpProblem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new HttpProblem("payload_too_large", "The body is too large."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new HttpProblem("unsupported_media_type", "Send Content-Type: application/json."),
};

/** Anything that was thrown while a request was answered, as the problem that is shown for it. Leaks nothing. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof PaymentError) return problemOfPayment(error);
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === "string" ? FRAMEWORK[code] : undefined;
  if (known) return known();
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem("invalid_request", "The request is malformed.", { cause: error });
  }
  return internal(error);
}

function problemOfPayment(error: PaymentError): HttpProblem {
  switch (error.code) {
    case "DATABASE_UNAVAILABLE":
    case "DATABASE_CONFLICT":
      return new HttpProblem("database_unavailable", "The database does not answer.", {
        headers: RETRY_SOON,
        cause: error,
      });
    case "OVERLOADED":
      return new HttpProblem("overloaded", "Too much is waiting already.", {
        headers: RETRY_SOON,
        cause: error,
      });
    case "CHAIN_UNAVAILABLE":
    case "CHAIN_BLOCK_UNKNOWN":
    case "CIRCLE_UNAVAILABLE":
    case "CIRCLE_THROTTLED":
    case "REGISTRY_UNAVAILABLE":
      return new HttpProblem("chain_unavailable", "A part that this needs does not answer.", {
        headers: RETRY_SOON,
        cause: error,
      });
    // Written for whoever asked, in words of our own.
    case "OPERATION_REFUSED":
      return new HttpProblem("invalid_request", error.message, { cause: error });
    default:
      return internal(error);
  }
}

function internal(cause: unknown): HttpProblem {
  return new HttpProblem("internal", "Something went wrong on our side.", { cause });
}
