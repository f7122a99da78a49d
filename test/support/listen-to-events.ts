import { createParser } from "eventsource-parser";
import { collectArrivals, type Arrivals } from "../e2e/arrivals.ts";

export interface HeardEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Somebody who listens, by a parser that is none of ours. */
export interface EventListener extends AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  /** Of an answer that is no stream. */
  readonly problem: Readonly<Record<string, unknown>>;
  readonly events: Arrivals<HeardEvent>;
  /** The stream as it came. */
  readonly chunks: Arrivals<string>;
  /** Resolves when the stream has ended, however. */
  readonly ended: Promise<void>;
}

export async function listenToEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventListener> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  const events = collectArrivals<HeardEvent>();
  const chunks = collectArrivals<string>();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const problem = isStream ? {} : ((await response.json()) as Record<string, unknown>);
  const parser = createParser({
    onEvent: ({ id, event = "message", data }) =>
      events.push({ id, type: event, data: JSON.parse(data) as Record<string, unknown> }),
  });
  const read = async () => {
    if (!isStream || !response.body) return;
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      chunks.push(chunk);
      parser.feed(chunk);
    }
  };
  const ended = read().catch(() => undefined);
  return {
    status: response.status,
    headers: response.headers,
    problem,
    events,
    chunks,
    ended,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await ended;
    },
  };
}
