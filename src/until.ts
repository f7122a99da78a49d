/** Waits for the event. Rejects with the signal's reason where that comes first. */
export async function until(event: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    await Promise.race([event, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
