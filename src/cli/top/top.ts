import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";
import { loadMetricsPort } from "../../config.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { countOn, type Seen } from "./count-on.ts";
import { drawFrame, type Paint } from "./draw-frame.ts";
import { makeFrame, type Frame, type Instance } from "./make-frame.ts";
import { mergeSamples } from "./merge-samples.ts";
import { readExposition, type Sample } from "./read-exposition.ts";
import { createWindow } from "./window.ts";

export interface TopOptions {
  /** Where the instances' metrics are; absent: where a service with these settings has them, on this machine. */
  readonly url?: readonly string[];
  readonly every: number;
  readonly once: boolean;
}

const SCRAPE_TIMEOUT_MS = 1_500;
const ENTER = "\u001B[?1049h\u001B[?25l";
const LEAVE = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const TO_LINE_END = "\u001B[K";
const TO_SCREEN_END = "\u001B[J";

/** Shows the service as its metrics have it, again and again until Ctrl-C. Once: exit 4 if no instance answered. */
export async function topCommand(output: Output, options: TopOptions): Promise<ExitCode> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  // Whoever read along has seen enough.
  process.stdout.on("error", stop);
  const isScreen = process.stdout.isTTY && !output.json && !options.once;
  const look = createLook(options.url ?? [`http://127.0.0.1:${loadMetricsPort()}/metrics`]);
  if (isScreen) process.stdout.write(ENTER);
  try {
    while (!stopping.signal.aborted) {
      const frame = await look();
      process.stdout.write(show(frame, output, isScreen));
      if (options.once) return isAnswered(frame) ? EXIT.done : EXIT.unreachable;
      await delay(options.every * 1_000, undefined, stopping).catch(() => undefined);
    }
  } finally {
    if (isScreen) process.stdout.write(LEAVE);
  }
  return EXIT.done;
}

function show(frame: Frame, output: Output, isScreen: boolean): string {
  if (output.json) return `${JSON.stringify(frame)}\n`;
  const lines = drawFrame(frame, paint);
  if (!isScreen) return `${lines.join("\n")}\n\n`;
  return HOME + lines.map((line) => `${line}${TO_LINE_END}\n`).join("") + TO_SCREEN_END;
}

/** Without colours where there is no terminal, or NO_COLOR asks for none: `styleText` looks. */
const paint: Paint = (tone, text) => {
  const styles = { title: "bold", dim: "dim", good: "green", bad: "red" } as const;
  return styleText(styles[tone], text, { stream: process.stdout });
};

function isAnswered({ instances }: Frame): boolean {
  return instances.some(({ problem }) => problem === null);
}

/** Asks every instance at once. One that does not answer is named; its gauges are left out until it does. */
export function createLook(urls: readonly string[]): () => Promise<Frame> {
  const seen = new Map<string, Seen>();
  const windowOf = createWindow();
  return async () => {
    const answers = await Promise.all(
      urls.map(async (url) => ({ url, answer: await scrape(url) })),
    );
    const instances: Instance[] = [];
    const latest: (readonly Sample[])[] = [];
    for (const { url, answer } of answers) {
      const problem = typeof answer === "string" ? answer : null;
      instances.push({ url, problem });
      if (typeof answer === "string") continue;
      seen.set(url, countOn(seen.get(url), answer));
      latest.push(answer);
    }
    const atMs = Date.now();
    const window = windowOf([...seen.values()], atMs);
    return makeFrame({ atMs, instances, window, latest: mergeSamples(latest) });
  };
}

/** The samples, or what was the matter. */
async function scrape(url: string): Promise<readonly Sample[] | string> {
  try {
    const answer = await fetch(url, {
      headers: { accept: "text/plain" },
      signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
    });
    if (!answer.ok) return `answers ${answer.status}`;
    return readExposition(await answer.text());
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message || cause.name : String(cause);
  }
}
