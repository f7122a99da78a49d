import type { Metrics } from "./create-metrics.ts";

/** Makes a call and measures it under the operation's name: one of few, never an id. What it throws is thrown on. */
export type TimeCall = <T>(operation: string, call: () => Promise<T>) => Promise<T>;

/** Measures the calls to one part that the service rests on. */
export function timeCalls({ call }: Pick<Metrics, "call">, dependency: string): TimeCall {
  return async (operation, make) => {
    const startedMs = performance.now();
    const note = (result: "ok" | "error") =>
      call.observe({ dependency, operation, result }, (performance.now() - startedMs) / 1_000);
    try {
      const answer = await make();
      note("ok");
      return answer;
    } catch (error) {
      note("error");
      throw error;
    }
  };
}

/** For commands, whose calls nobody looks at. */
export const untimed: TimeCall = (_operation, call) => call();
