import type { HeartbeatSettings } from "../heartbeat/create-heartbeat.ts";
import type { Currency } from "../payment/currency.ts";
import { isOpaqueId } from "../payment/ids.ts";
import { formatMicros, type Micros } from "../payment/money.ts";
import { heartbeat } from "./known-settings.ts";
import { readSettings, type Problem } from "./read-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const DAY_SECONDS = 86_400;

/** What payments must keep to, the heartbeat's as well. */
export interface PaymentBounds {
  readonly PAYMENT_MIN_AMOUNT: Micros;
  readonly PAYMENT_MAX_AMOUNT: Micros;
  readonly PAYMENT_CURRENCIES: readonly Currency[];
}

/** Null where there is none. A heartbeat that would cost more in a day than it may is a problem, not a slower one. */
export function readHeartbeat(
  bounds: PaymentBounds,
  environment: Environment,
  problems: Problem[],
): HeartbeatSettings | null {
  const values = readSettings(heartbeat, environment, problems);
  const { HEARTBEAT_PLATFORM: platformId, HEARTBEAT_WORKER: workerId } = values;
  if (platformId === "") return null;
  const { HEARTBEAT_AMOUNT: amount, HEARTBEAT_EVERY_SECONDS: everySeconds } = values;
  if (!isOpaqueId(platformId)) problems.push({ name: "HEARTBEAT_PLATFORM", text: "is no id" });
  if (!isOpaqueId(workerId)) {
    problems.push({
      name: "HEARTBEAT_WORKER",
      text: "missing; HEARTBEAT_PLATFORM needs a worker to pay",
    });
  }
  if (amount < bounds.PAYMENT_MIN_AMOUNT || amount > bounds.PAYMENT_MAX_AMOUNT) {
    const text = "is not between PAYMENT_MIN_AMOUNT and PAYMENT_MAX_AMOUNT";
    problems.push({ name: "HEARTBEAT_AMOUNT", text });
  }
  const daily = (amount * BigInt(DAY_SECONDS)) / BigInt(everySeconds);
  if (daily > values.HEARTBEAT_DAILY_AMOUNT) {
    const text = `lets ${formatMicros(daily)} a day be paid, above HEARTBEAT_DAILY_AMOUNT`;
    problems.push({ name: "HEARTBEAT_EVERY_SECONDS", text });
  }
  const [currency = "USDC"] = bounds.PAYMENT_CURRENCIES;
  return { platformId, workerId, everySeconds, amount, currency };
}
