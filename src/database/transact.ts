import { sql } from "slonik";
import { anyRow, type Database, type Transaction } from "./pool.ts";
import { translateDatabaseError } from "./translate-error.ts";

/** Rolls the transaction back and makes `transact` answer the value. */
export type RollBack<T> = (answer: T) => never;

/** Carries the answer of a chosen rollback out of the work. */
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
      try {
        const result = await work(transaction, (answer) => {
          throw new ChosenRollback(answer);
        });
        committing = true;
        return result;
      } catch (error) {
        if (!(error instanceof ChosenRollback)) throw error;
        // What slonik commits then is empty. It closes the connection under whatever is thrown through it, and every
        // batch of duplicates would pay for a new one and for all that was prepared on it.
        await transaction.query(sql.type(anyRow)`ROLLBACK AND CHAIN`);
        return error.answer as R;
      }
    });
  } catch (error) {
    throw translateDatabaseError(error, { committing });
  }
}
