import type { ChainReader } from "./follow/chain-reader.ts";
import type { Metrics } from "./metrics/create-metrics.ts";

/** The same reader; whoever watches heads through it lets the metrics tell when a new one was last heard of. */
export function notingHeads<R extends ChainReader>(
  reader: R,
  { chainHead }: Pick<Metrics, "chainHead">,
): R {
  return {
    ...reader,
    watchHeads(onHead: (number: bigint) => void, signal: AbortSignal) {
      let newest = -1n;
      const hear = (number: bigint) => {
        if (number > newest) chainHead.set({}, Date.now() / 1_000);
        newest = number;
        onHead(number);
      };
      reader.watchHeads(hear, signal);
    },
  };
}
