import type { Head } from "./read-answers.ts";

/** A follower takes them within milliseconds; who only listens must not fill the memory. */
const HEADERS_MAX = 64;

/** What nodes have told of the chain's head so far. */
export interface KnownHeads {
  newest(): bigint;
  note(number: bigint, head?: Head): void;
  /** The header that a subscription brought, once: who asks again wants it read again. */
  take(number: bigint): Head | undefined;
}

export function createKnownHeads(): KnownHeads {
  let newest = -1n;
  const headers = new Map<bigint, Head>();
  return {
    newest: () => newest,
    note(number, head) {
      if (number > newest) newest = number;
      if (!head) return;
      headers.set(number, head);
      const [oldest] = headers.keys();
      if (headers.size > HEADERS_MAX && oldest !== undefined) headers.delete(oldest);
    },
    take(number) {
      const head = headers.get(number);
      headers.delete(number);
      return head;
    },
  };
}
