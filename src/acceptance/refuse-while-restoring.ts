import { PaymentError } from "../errors.ts";

/** An operator's order that would plan a payment on a directory which nobody has looked at yet. Throws OPERATION_REFUSED. */
export function refuseWhileRestoring({ isRestoring }: { readonly isRestoring: boolean }): void {
  if (!isRestoring) return;
  throw new PaymentError(
    "OPERATION_REFUSED",
    "reject",
    "The database seems to be a restored backup; nothing is planned until `gigpay restored` has confirmed it.",
  );
}
