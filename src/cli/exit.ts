import { PaymentError } from "../errors.ts";

/** What scripts branch on. Eight differs from seven: a payment in doubt must not be paid again. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  configuration: 3,
  unreachable: 4,
  refused: 5,
  unauthorized: 6,
  paymentFailed: 7,
  inDoubt: 8,
  mismatch: 9,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Connection errors of the drivers, before anything translated them. */
const UNREACHABLE = /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ECONNRESET|EAI_AGAIN|timeout/i;

/** The exit code of a thrown value. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof PaymentError)) {
    return UNREACHABLE.test(messageChain(error)) ? EXIT.unreachable : EXIT.bug;
  }
  switch (error.code) {
    case "CONFIG_INVALID":
    case "DEPLOYMENT_MISMATCH":
    case "REGISTRY_INCOMPATIBLE":
      return EXIT.configuration;
    case "DATABASE_UNAVAILABLE":
    case "KAFKA_UNAVAILABLE":
    case "REGISTRY_UNAVAILABLE":
    case "CHAIN_UNAVAILABLE":
    case "CHAIN_BLOCK_UNKNOWN":
    case "CIRCLE_UNAVAILABLE":
    case "CIRCLE_THROTTLED":
    case "OVERLOADED":
      return EXIT.unreachable;
    case "DATABASE_CONFLICT":
    case "DATABASE_VALUE_REFUSED":
    case "OPERATION_REFUSED":
    case "CHAIN_REJECTED":
      return EXIT.refused;
    case "OUTCOME_UNKNOWN":
    case "PUBLISH_IN_DOUBT":
      return EXIT.inDoubt;
  }
}

/** One line for a person: what happened and, where known, what to do. A stack only for a bug. */
export function explain(error: unknown): string {
  if (error instanceof PaymentError) return error.message;
  const code = exitCodeOf(error);
  if (code === EXIT.unreachable) return `a dependency cannot be reached: ${messageChain(error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function messageChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (current.message) parts.push(current.message);
    current = current.cause;
  }
  return parts.join(": ");
}
