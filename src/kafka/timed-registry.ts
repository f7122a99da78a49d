import type { TimeCall } from "../metrics/time-calls.ts";
import type { Registry } from "./registry.ts";

export function timedRegistry(registry: Registry, timeCall: TimeCall): Registry {
  return {
    register: (subject, text) => timeCall("register", () => registry.register(subject, text)),
    fetchSchema: (id) => timeCall("fetch_schema", () => registry.fetchSchema(id)),
  };
}
