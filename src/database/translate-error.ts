import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  CheckExclusionConstraintViolationError,
  ConnectionError,
  IdleTransactionTimeoutError,
  IntegrityConstraintViolationError,
  InvalidInputError,
  StatementCancelledError,
  StatementTimeoutError,
} from "slonik";
import { PaymentError } from "../errors.ts";

/** The connection is gone, or the server is going, starting, full or read-only: it comes back by itself. */
const AWAY_STATES = /^(08|53|57|58)|^(25006|25P03|28|3D000|55P03)/;
const AWAY_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What pg and slonik say, without any code, of a connection that is gone, going, or did not answer in time. */
const AWAY_TEXT =
  /^(Connection terminated|Client (is (pending|destroyed|not acquired)|has encountered a connection error|was closed)|Query read timeout|timeout expired|timeout exceeded|Connection pool|Cannot use released connection)/i;
const AWAY_CLASSES = [
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  IdleTransactionTimeoutError,
  StatementCancelledError,
  StatementTimeoutError,
];

/**
 * What Postgres, pg or slonik threw, as a `PaymentError`; anything else (our own errors, bugs) comes back unchanged.
 * - DATABASE_UNAVAILABLE retry: nothing was committed; reconcile where the answer to COMMIT was lost;
 * - DATABASE_CONFLICT retry: serialisation or deadlock, after slonik's own re-runs;
 * - DATABASE_VALUE_REFUSED reject: a value that the schema refuses (SQLSTATE class 22 or 23);
 * - OUTCOME_UNKNOWN reconcile: an answer that is not recognised.
 */
export function translateDatabaseError(
  error: unknown,
  options: { committing?: boolean } = {},
): unknown {
  if (error instanceof PaymentError || !(error instanceof Error)) return error;
  const state = sqlStateOf(error);
  const made = (...[code, disposition]: Handling) =>
    new PaymentError(code, disposition, error.message, {
      cause: error,
      context: { ...(state !== undefined && { sqlState: state }) },
    });
  if (isAway(error, state)) {
    return made("DATABASE_UNAVAILABLE", options.committing ? "reconcile" : "retry");
  }
  if (state === undefined) {
    // While COMMIT is on its way only an answer with a state is an answer.
    return options.committing ? made("OUTCOME_UNKNOWN", "reconcile") : error;
  }
  if (state.startsWith("40")) return made("DATABASE_CONFLICT", "retry");
  if (/^2[23]/.test(state)) return made("DATABASE_VALUE_REFUSED", "reject");
  return made("OUTCOME_UNKNOWN", "reconcile");
}

type Handling = [
  ConstructorParameters<typeof PaymentError>[0],
  ConstructorParameters<typeof PaymentError>[1],
];

/** Runs reads outside a transaction, with their errors translated. A write belongs in `transact`. */
export async function askDatabase<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

function isAway(error: Error, state: string | undefined): boolean {
  if (state !== undefined) return AWAY_STATES.test(state);
  if (AWAY_CLASSES.some((type) => error instanceof type) || AWAY_TEXT.test(error.message)) {
    return true;
  }
  const code = codeOf(error) ?? codeOf(error.cause);
  return code !== undefined && AWAY_CODES.test(code);
}

/** Postgres' five characters; slonik hides them behind classes of its own. */
function sqlStateOf(error: Error): string | undefined {
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) return code;
  // slonik drops the state of 22P02; its own complaints about a wrong call of `sql` read differently.
  if (error instanceof InvalidInputError && /^(invalid|malformed) /.test(error.message)) {
    return "22P02";
  }
  const isIntegrity =
    error instanceof IntegrityConstraintViolationError ||
    error instanceof CheckExclusionConstraintViolationError;
  return isIntegrity ? "23000" : undefined;
}

function codeOf(value: unknown): string | undefined {
  const code = (value as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
