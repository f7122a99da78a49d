import { initiateDeveloperControlledWalletsClient } from "@circle-fin/developer-controlled-wallets";
import { PaymentError } from "../errors.ts";

export interface CircleSettings {
  readonly apiKey: string;
  /** 32 bytes in hex. */
  readonly entitySecret: string;
  readonly baseUrl: string;
}

export type CircleClient = ReturnType<typeof initiateDeveloperControlledWalletsClient>;

/** The SDK has no time-out of its own: a hung server would hold a send for ever. */
const CALL_TIMEOUT_MS = 8_000;

/** The SDK, which has neither time-out nor retry; wrap every call of it in `bounded`. */
export function createCircleClient(settings: CircleSettings): CircleClient {
  return initiateDeveloperControlledWalletsClient({
    apiKey: settings.apiKey,
    entitySecret: settings.entitySecret.replace(/^0x/, ""),
    baseUrl: settings.baseUrl,
  });
}

/**
 * Waits for a call of the SDK, at most 8 s. The call itself cannot be aborted and may still arrive: what comes after a
 * time-out is doubt, never a failure.
 */
export function bounded<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(unanswered());
    timeout.addEventListener("abort", onAbort, { once: true });
    call.then(resolve, reject).finally(() => timeout.removeEventListener("abort", onAbort));
  });
}

function unanswered(): PaymentError {
  return new PaymentError("CIRCLE_UNAVAILABLE", "reconcile", "Circle did not answer in time.");
}
