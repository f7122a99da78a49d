import { PaymentError } from "../errors.ts";

/** Another instance wrote between our read and our write: nothing of ours is kept, and everything is read again. */
export function lostRace(what: string): PaymentError {
  return new PaymentError(
    "DATABASE_CONFLICT",
    "retry",
    `Another instance was faster with ${what}.`,
  );
}
