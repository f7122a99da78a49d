/** What came of one try. Nothing of the answer but its status is kept: its body is the receiver's business. */
export type TryOutcome =
  | { readonly kind: "delivered" | "rejected" | "gone"; readonly statusCode: number }
  | {
      /**
       * timeout: no whole answer in time. unreachable: no connection, or one that broke. forbidden: nothing was sent, for
       * the address is none that we connect to. stopped: this process ended the try, because it ends itself.
       */
      readonly kind: "timeout" | "unreachable" | "forbidden" | "stopped";
      readonly statusCode: null;
    };

/** Of whoever answered: 2xx is a success, 410 asks never to be told again, and redirects are not followed. */
export function outcomeOf(statusCode: number): TryOutcome {
  if (statusCode >= 200 && statusCode < 300) return { kind: "delivered", statusCode };
  return { kind: statusCode === 410 ? "gone" : "rejected", statusCode };
}
