import type { Database, Transaction } from "./pool.ts";
import { translateDatabaseError } from "./translate-error.ts";

/** Rolls the transaction back and makes `transact` answer the value. */
export type RollBack<T> = (answer: T) => never;

/** Carries the answer of a chosen rollback out through slonik, which knows only exceptions. */
class ChosenRollback<T> extends Error {
  readonly answer: T;

  constructor(answer: T) {
    super("rolled back on purpose");
    this.answer = answer;
  }
}

/**
 * Runs `work` in one transaction. slonik runs it again on a serialisation failure or a deadlock (5 times at most), so
 * it holds nothing but SQL and pure code. Throws what `translateDatabaseError` makes of an error: DATABASE_UNAVAILABLE
 * with disposition `reconcile` means that the answer to COMMIT was lost, so memory is worth nothing: read again.
 */
export async function transact<T, R = never>(
  pool: Database,
  work: (transaction: Transaction, rollBack: RollBack<R>) => Promise<T>,
): Promise<T | R> {
  let committing = false;
  try {
    return await pool.transaction(async (transaction) => {
      committing = false;
      const result = await work(transaction, (answer) => {
        throw new ChosenRollback(answer);
      });
      committing = true;
      return result;
    });
  } catch (error) {
    if (error instanceof ChosenRollback) return error.answer as R;
    throw translateDatabaseError(error, { committing });
  }
}
