import { HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import type { TimeCall } from "../metrics/time-calls.ts";

export interface SdkWatch {
  readonly timeCall: TimeCall;
  /** Circle has answered 429. */
  readonly onThrottled: () => void;
}

/** Measures each call by the name of the SDK's method, from the call to its answer or to the cut of its connection. */
export function timedSdk<T extends object>(sdk: T, { timeCall, onThrottled }: SdkWatch): T {
  return new Proxy(sdk, {
    get(target, name): unknown {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: readonly unknown[]) =>
        timeCall(String(name), async () => {
          try {
            return (await method.apply(target, args)) as unknown;
          } catch (error) {
            if (error instanceof HttpResponseError && error.status === 429) onThrottled();
            throw error;
          }
        });
    },
  });
}
