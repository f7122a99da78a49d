import type { RunningService } from "./running-service.ts";

export interface Scraped {
  readonly text: string;
  /** Over all labels. */
  readonly sumOf: (sample: string) => number;
}

/** What a service tells Prometheus now. */
export async function scrape({ log }: RunningService): Promise<Scraped> {
  const { port } = await log.next("its port", ({ msg }) => msg === "metrics are served");
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  const text = await response.text();
  return {
    text,
    sumOf(sample) {
      const lines = text.split("\n").filter((line) => /^[^{ ]*/.exec(line)?.[0] === sample);
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
  };
}
