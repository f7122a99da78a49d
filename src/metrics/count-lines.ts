import { LOG_LEVELS } from "./catalogue/labels.ts";
import type { Metrics } from "./create-metrics.ts";

/** Counts the log's lines that somebody should read. */
export function countLines({ logMessages }: Pick<Metrics, "logMessages">): (level: string) => void {
  return (written) => {
    const level = LOG_LEVELS.find((each) => each === written);
    if (level !== undefined) logMessages.add({ level });
  };
}
