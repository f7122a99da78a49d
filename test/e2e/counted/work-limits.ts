import type { Work } from "./count-work.ts";

/**
 * What 200 payments that come at once may cost, a little above what they do; in brackets what was measured. Raise one only
 * with a reason: each round trip of a commit is some tenths of a millisecond that every payment of its batch waits for.
 */
const COMMON = {
  // BEGIN, offsets, facts, what is known, tasks, payments, inbox, COMMIT [8].
  acceptRoundTrips: 9,
  // BEGIN, the lock, what is reserved, what is due, the claim, its items, the send, COMMIT [8].
  sendRoundTrips: 8,
  // BEGIN, the cursor, the logs, three reads, outcomes, effects, payments, audit, sends, COMMIT [12].
  settleRoundTrips: 12,
  // One fetch may bring the partitions apart, of which there are six [1 or 2].
  acceptBatches: 6,
  // 100 to a send; a batch that was accepted apart may be sent apart [2].
  sends: 8,
  // A block each at most [1 or 2].
  settleBatches: 8,
  publishBatches: 8,
  // One transaction, or one statement that stands alone [0.07].
  commitsPerPayment: 0.25,
  // [0.26]: what a statement for each payment would add is 1.
  roundTripsPerPayment: 0.75,
  // All topics and partitions of a batch in one request to the one broker [1].
  producesPerPublishBatch: 1,
  railSendsPerSend: 1,
  // Rows, as text, both ways [7,100].
  postgresBytesPerPayment: 12_000,
  // A task comes, an outcome goes [390].
  kafkaBytesPerPayment: 1_000,
  // Blocks, fees and nonces are asked for as time passes, a few a second [0.16]; a request for each payment would add 1.
  chainRequestsPerPayment: 0.75,
  // A payment's part of a signed send, and its two logs [3,100].
  chainBytesPerPayment: 6_000,
} satisfies Partial<Work>;

export const WORK_LIMITS = {
  arc: { ...COMMON, circleRequestsPerPayment: 0 },
  // A POST for each send, and as time passes a look at those on their way, a few a second [0.02].
  circle: { ...COMMON, circleRequestsPerPayment: 0.5 },
} satisfies Record<string, Work>;
