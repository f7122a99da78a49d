import type { TimeCall } from "../metrics/time-calls.ts";
import type { Rpc, RpcCall } from "./rpc.ts";

/** Measures each request by its method, `batch` where it has several; the nodes that were tried are one request. */
export function timedRpc(rpc: Rpc, timeCall: TimeCall): Rpc {
  return {
    ask: (calls, options) => timeCall(operationOf(calls), () => rpc.ask(calls, options)),
    distrust: () => rpc.distrust(),
  };
}

function operationOf(calls: readonly RpcCall[]): string {
  const [method = "none", ...others] = new Set(calls.map((call) => call.method));
  return others.length === 0 ? method : "batch";
}
