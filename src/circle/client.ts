import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { initiateDeveloperControlledWalletsClient } from "@circle-fin/developer-controlled-wallets";
import { PaymentError } from "../errors.ts";
import { timedSdk, type SdkWatch } from "./timed-sdk.ts";

export interface CircleSettings {
  readonly apiKey: string;
  /** 32 bytes in hex. */
  readonly entitySecret: string;
  /** Without a slash at its end: the SDK appends its paths as they are. */
  readonly baseUrl: string;
}

type Sdk = ReturnType<typeof initiateDeveloperControlledWalletsClient>;

export interface CircleClient {
  /**
   * Makes a call of the SDK and waits for it, at most 8 s and until the signal aborts: then its connection is cut. What
   * was not answered may have arrived all the same, so it rejects with CIRCLE_UNAVAILABLE (reconcile). Circle's own
   * refusals reject as the SDK's errors.
   */
  call<T>(use: (sdk: Sdk) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Longer than any answer that is still of use to a payment that is due within 3 s; of both requests of a first call. */
const CALL_TIMEOUT_MS = 8_000;

export interface CircleClientOptions {
  readonly callTimeoutMs?: number;
  /** Absent: nobody measures. */
  readonly watch?: SdkWatch;
}

/** The SDK, which has neither time-out nor retry, with a bound on every call. */
export function createCircleClient(
  settings: CircleSettings,
  { callTimeoutMs = CALL_TIMEOUT_MS, watch }: CircleClientOptions = {},
): CircleClient {
  const plain = initiateDeveloperControlledWalletsClient({
    apiKey: settings.apiKey,
    entitySecret: settings.entitySecret.replace(/^0x/, ""),
    baseUrl: settings.baseUrl,
  });
  const sdk = watch ? timedSdk(plain, watch) : plain;
  return { call: (use, signal) => bounded(() => use(sdk), callTimeoutMs, signal) };
}

/**
 * The SDK passes no signal on, and a server that takes connections and is silent would cost us one socket for every
 * repeat. So requests are met as they start, in the context of the call that made them.
 */
const givenUp = new AsyncLocalStorage<AbortSignal>();
subscribe("http.client.request.start", (message) => {
  const { request } = message as { readonly request: ClientRequest };
  givenUp.getStore()?.addEventListener("abort", () => request.destroy());
});

async function bounded<T>(
  use: () => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) throw unanswered();
  const call = new AbortController();
  const giveUp = () => call.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener("abort", giveUp);
  try {
    return await new Promise<T>((resolve, reject) => {
      call.signal.addEventListener("abort", () => reject(unanswered()));
      givenUp.run(call.signal, use).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

function unanswered(): PaymentError {
  return new PaymentError("CIRCLE_UNAVAILABLE", "reconcile", "Circle did not answer in time.");
}
