import { createParser } from "eventsource-parser";
import { ApiProblem, NoAnswer } from "./problem.ts";
import { wait } from "./wait.ts";

/** One block of the stream that is an event. */
export interface StreamedEvent {
  /** Null: a hint, which is not sent again. */
  readonly id: string | null;
  readonly type: string;
  readonly data: string;
}

export interface Streaming {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Go on after this one; what came since is sent first. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** A silent connection is a dead one: the service says something every 15 s. */
  readonly silenceMaxMs: number;
  readonly firstDelayMs: number;
  /** Connections in a row that came to nothing, before it gives up. */
  readonly failuresMax: number;
}

/** Far more than any event; a stream that is none of ours must not fill the memory. */
const BLOCK_MAX_CHARACTERS = 1_048_576;
const DELAY_MAX_MS = 30_000;

/** Where a reader stands, over all its connections. */
interface Place {
  lastEventId: string | undefined;
  /** What the service asks for between two connections. */
  retryMs: number | undefined;
}

/**
 * Events as they come, for ever: where the connection breaks it is made again, and goes on after the last id that was
 * met. Throws `ApiProblem` where the service refuses, `NoAnswer` after too many vain tries, and the signal's reason.
 */
export async function* streamEvents(streaming: Streaming): AsyncGenerator<StreamedEvent, void> {
  const { signal, firstDelayMs, failuresMax } = streaming;
  const place: Place = { lastEventId: streaming.lastEventId, retryMs: undefined };
  for (let failures = 0; ; failures += 1) {
    let cause: unknown;
    try {
      for await (const events of connectOnce(streaming, place)) {
        failures = 0;
        yield* events;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ApiProblem && !isPassing(error)) throw error;
      cause = error;
    }
    if (failures >= failuresMax) {
      throw new NoAnswer(`${new URL(streaming.url).origin} gives no events`, {
        isInDoubt: false,
        cause,
      });
    }
    await wait(place.retryMs ?? backOffMs(firstDelayMs, failures), signal);
  }
}

/** One connection, to its end: whatever has come together, nothing included. */
async function* connectOnce(
  { fetch, url, headers, signal, silenceMaxMs }: Streaming,
  place: Place,
): AsyncGenerator<readonly StreamedEvent[], void> {
  using silence = watchSilence(silenceMaxMs);
  const { lastEventId } = place;
  const response = await fetch(url, {
    headers: {
      ...headers,
      accept: "text/event-stream",
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
    redirect: "manual",
    signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
  });
  if (!response.ok || !response.body) {
    const text = await response.text();
    throw new ApiProblem({ status: response.status, headers: response.headers, text }, NO_DOUBT);
  }
  let events: StreamedEvent[] = [];
  const parser = createParser({
    maxBufferSize: BLOCK_MAX_CHARACTERS,
    onId: (id) => {
      place.lastEventId = id;
    },
    onRetry: (retryMs) => {
      place.retryMs = Math.min(retryMs, DELAY_MAX_MS);
    },
    onEvent: ({ id, event: type = "message", data }) => {
      // A last word before the service ends the connection; what it means shows when it is made again.
      if (type !== "dropped") events.push({ id: id ?? null, type, data });
    },
  });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    silence.broken();
    parser.feed(text);
    yield events;
    events = [];
  }
}

const NO_DOUBT = { isInDoubt: false };

/** Of the moment, not of the request. */
function isPassing({ status }: ApiProblem): boolean {
  return status === 429 || status >= 500;
}

function backOffMs(firstDelayMs: number, failures: number): number {
  return Math.random() * Math.min(DELAY_MAX_MS, firstDelayMs * 2 ** (failures + 1));
}

/** Aborts when nothing has been heard for so long, and when it is over. */
function watchSilence(silenceMaxMs: number) {
  const controller = new AbortController();
  const end = () => controller.abort(new Error("The stream has fallen silent."));
  let timer = setTimeout(end, silenceMaxMs);
  return {
    signal: controller.signal,
    broken() {
      clearTimeout(timer);
      timer = setTimeout(end, silenceMaxMs);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      controller.abort();
    },
  };
}
