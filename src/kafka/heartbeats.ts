/** Half of the heartbeat interval: kafkajs skips a heartbeat that comes a little too early. */
const SLICE_MS = 500;

/**
 * Awaits `work` while heartbeating, which kafkajs does not do by itself. Rejects at once when a heartbeat fails (the
 * group is rebalancing: the partition may be another's by now) or the signal aborts; `work` is then left to itself.
 */
export async function whileHeartbeating<T>(
  work: Promise<T>,
  heartbeat: () => Promise<void>,
  signal: AbortSignal,
): Promise<T> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  const timer = setInterval(() => void heartbeat().catch(reject), SLICE_MS);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([work, interrupted]);
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
    // Left to itself also means that nobody is surprised by how it ends.
    work.catch(() => undefined);
  }
}
