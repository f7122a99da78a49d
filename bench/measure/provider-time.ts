import type { InsideTransaction } from "../../sandbox/circle/control-client.ts";
import type { BlockWatch } from "../world/watch-blocks.ts";
import type { MeasuredPayment } from "./read-payments.ts";

/** What of a payment's way was not ours to shorten. */
export interface ProviderTime {
  /** From when Circle, or the node, had the send until the block with it could be read. */
  readonly providerMs: number;
  /** What Circle's limit on POSTs held back. */
  readonly limiterMs: number;
}

type Clocks = Pick<BlockWatch, "blockAtMs" | "takenAtMs">;

/** The block could be read when the first of the two heard of it. */
function blockAvailableAtMs({ blockNumber, followedAt }: MeasuredPayment, clocks: Clocks): number {
  return Math.min(
    clocks.blockAtMs.get(blockNumber) ?? Number.POSITIVE_INFINITY,
    followedAt?.getTime() ?? Number.POSITIVE_INFINITY,
  );
}

/** From when the node had taken the transaction; where nobody heard it say so, from its answer to the service. */
export function arcTime(payment: MeasuredPayment, clocks: Clocks): ProviderTime {
  const taken =
    clocks.takenAtMs.get(payment.txHash.toLowerCase()) ?? payment.submittedAt?.getTime();
  const availableAtMs = blockAvailableAtMs(payment, clocks);
  return { providerMs: Math.max(0, availableAtMs - (taken ?? availableAtMs)), limiterMs: 0 };
}

interface Post {
  readonly receivedAtMs: number;
  /** Before this the account's limit allowed no POST. */
  readonly allowedAtMs: number;
}

/** By the emulator's own record: from when it had the POST. A POST may leave so long after the one before it. */
export function circleTimes(
  transactions: readonly InsideTransaction[],
  postsPerSecond: number,
  clocks: Clocks,
): (payment: MeasuredPayment) => ProviderTime {
  const posts = postsByHash(transactions, 1_000 / postsPerSecond);
  return (payment) => {
    const availableAtMs = blockAvailableAtMs(payment, clocks);
    const post = posts.get(payment.txHash.toLowerCase());
    if (!post) throw new Error(`Circle's emulator knows nothing of ${payment.txHash}`);
    const plannedAtMs = payment.plannedAt?.getTime() ?? post.receivedAtMs;
    const heldUntilMs = Math.min(post.allowedAtMs, post.receivedAtMs);
    return {
      providerMs: Math.max(0, availableAtMs - post.receivedAtMs),
      limiterMs: Math.max(0, heldUntilMs - plannedAtMs),
    };
  };
}

function postsByHash(transactions: readonly InsideTransaction[], spacingMs: number) {
  const inOrder = transactions.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  const posts = new Map<string, Post>();
  for (const [index, { createdAtMs, sent }] of inOrder.entries()) {
    const before = inOrder[index - 1]?.createdAtMs ?? Number.NEGATIVE_INFINITY;
    const post = { receivedAtMs: createdAtMs, allowedAtMs: before + spacingMs };
    for (const { hash } of sent) posts.set(hash.toLowerCase(), post);
  }
  return posts;
}
