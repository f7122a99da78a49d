import type { Logger } from "pino";
import { dispositionOf } from "../errors.ts";
import { untimed, type TimeCall } from "../metrics/time-calls.ts";
import { createDecoder } from "./decode.ts";
import type { TaskDecoder } from "./decode.ts";
import { createOutcomeDecoder } from "./decode-outcome.ts";
import type { OutcomeDecoder } from "./decode-outcome.ts";
import { createEncoder } from "./encode.ts";
import type { EventEncoder } from "./encode.ts";
import { createTaskEncoder } from "./encode-task.ts";
import type { TaskEncoder } from "./encode-task.ts";
import { createRegistry } from "./registry.ts";
import type { Registry, RegistrySettings } from "./registry.ts";
import { schemaVersions } from "./schemas.ts";
import type { EventName } from "./schemas.ts";
import { timedRegistry } from "./timed-registry.ts";
import { untilAvailable } from "./until-available.ts";

export type Codec = TaskDecoder & OutcomeDecoder & EventEncoder & TaskEncoder;

export interface CodecOptions extends RegistrySettings {
  readonly topics: {
    readonly taskCompleted: string;
    readonly paymentCompleted: string;
    readonly paymentFailed: string;
  };
}

/**
 * Registers the contracts and answers the codec over them. A registry that is away is waited for, with one log line;
 * one that refuses a contract is a `PaymentError` REGISTRY_INCOMPATIBLE (reject). Once connected, only a writer schema
 * never met before needs the registry again.
 */
export async function connectCodec(
  deps: { log: Logger; signal: AbortSignal; timeCall?: TimeCall },
  options: CodecOptions,
): Promise<Codec> {
  const registry = timedRegistry(createRegistry(options), deps.timeCall ?? untimed);
  const register = (topic: string, event: EventName) =>
    untilAvailable(deps, {
      part: "The schema registry",
      attempt: () => registerVersions(registry, `${topic}-value`, event),
      isAway: (error) => dispositionOf(error) === "retry",
    });

  const task = await register(options.topics.taskCompleted, "task.completed");
  const completed = await register(options.topics.paymentCompleted, "payment.completed");
  const failed = await register(options.topics.paymentFailed, "payment.failed");
  return {
    ...createDecoder(registry.fetchSchema),
    ...createOutcomeDecoder(registry.fetchSchema),
    ...createEncoder({ completed, failed }),
    ...createTaskEncoder(task),
  };
}

/** Oldest first, so that a fresh registry has the whole history to check the next version against. */
async function registerVersions(
  registry: Registry,
  subject: string,
  event: EventName,
): Promise<number> {
  let newestId = 0;
  for (const schemaText of schemaVersions(event)) {
    newestId = await registry.register(subject, schemaText);
  }
  return newestId;
}
