import { OPERATIONS, type LiveEvent, type Operations } from "./api.ts";
import { given, queryText, type QueryValues } from "./query-text.ts";
import { isRepeatable } from "./repeating.ts";
import { send, type Sending } from "./send.ts";
import { streamEvents } from "./stream-events.ts";

export interface ClientSettings {
  /** Where the service is, such as https://pay.example.org. */
  readonly url: string;
  /** As `gigpay keys create` showed it: gsp_… */
  readonly apiKey: string;
  /** Of one try; above what `Prefer: wait` asks for. 15 s unless given. */
  readonly timeoutMs?: number;
  /** How often a request is made at most, where making it again is safe. 4 unless given. */
  readonly triesMax?: number;
  /** About how long the first wait between two tries is, unless the answer says. 250 ms unless given. */
  readonly firstDelayMs?: number;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export type OperationName = keyof Operations;
type InputOf<N extends OperationName> = Operations[N]["input"];
/** An operation that asks for nothing may be called with nothing. */
type InputArgument<N extends OperationName> =
  object extends InputOf<N>
    ? [input?: InputOf<N>, options?: CallOptions]
    : [input: InputOf<N>, options?: CallOptions];

type PageOf<N extends OperationName> = Extract<
  Operations[N]["answer"],
  { readonly data: readonly unknown[]; readonly nextCursor: string | null }
>;
/** The operations that answer a page. */
export type ListName = { [N in OperationName]: PageOf<N> extends never ? never : N }[OperationName];
type ItemOf<N extends ListName> = PageOf<N>["data"][number];

export interface Client {
  /**
   * One operation of the API. Repeats by itself what is safe to repeat: whatever reads, `PUT`s, and paying, which pays a
   * task once however often it is asked for. Throws `ApiProblem` and `NoAnswer`.
   */
  call<N extends OperationName>(
    name: N,
    ...rest: InputArgument<N>
  ): Promise<Answer<Operations[N]["answer"]>>;
  /** Every item of a list, page after page, newest first; ask for `limit` 100 to go through many. */
  each<N extends ListName>(name: N, ...rest: InputArgument<N>): AsyncGenerator<ItemOf<N>, void>;
  /**
   * What becomes of payments, as it happens, for ever. A broken connection is made again and goes on after the last id;
   * give `lastEventId` to go on after an earlier run's. Throws `ApiProblem` and `NoAnswer`.
   */
  events(filter?: EventFilter, options?: EventOptions): AsyncGenerator<ReceivedEvent, void>;
}

export interface EventFilter {
  readonly types?: readonly LiveEvent["type"][] | undefined;
  readonly workerId?: string | undefined;
  readonly paymentId?: string | undefined;
}

export interface EventOptions {
  readonly lastEventId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReceivedEvent {
  /** Keep it, to go on after it. Null: a hint, which is not sent again. */
  readonly id: string | null;
  readonly event: LiveEvent;
}

interface Parts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: QueryValues;
  readonly header?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

const TIMEOUT_MS = 15_000;
const TRIES_MAX = 4;
const FIRST_DELAY_MS = 250;
/** Three of the service's beats. */
const SILENCE_MAX_MS = 45_000;
/** With up to 30 s between them: some eight minutes. */
const CONNECTIONS_MAX = 20;

/** A client of the HTTP API. It holds no connection and no state: make one and share it. */
export function createClient(settings: ClientSettings): Client {
  const { url, apiKey, timeoutMs = TIMEOUT_MS } = settings;
  const base = url.replace(/\/+$/, "");

  async function request(name: OperationName, parts: Parts, options: CallOptions) {
    const { method, path } = OPERATIONS[name];
    const sending: Sending = {
      fetch: settings.fetch ?? fetch,
      timeoutMs: options.timeoutMs ?? timeoutMs,
      triesMax: settings.triesMax ?? TRIES_MAX,
      firstDelayMs: settings.firstDelayMs ?? FIRST_DELAY_MS,
      signal: options.signal,
    };
    const body = parts.body === undefined ? undefined : JSON.stringify(parts.body);
    const { status, headers, text } = await send(
      {
        method,
        url: base + fillIn(path, parts.path ?? {}) + queryText(parts.query ?? {}),
        headers: {
          authorization: `Bearer ${apiKey}`,
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...given(parts.header ?? {}),
        },
        body,
        repeatable: isRepeatable(method, path),
      },
      sending,
    );
    const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
    return {
      status,
      headers,
      body: (text === "" ? null : isJson ? JSON.parse(text) : text) as never,
    };
  }

  return {
    call: (name, ...[input, options]) => request(name, input ?? {}, options ?? {}),
    async *each(name, ...[input, options]) {
      const parts = (input ?? {}) as Parts;
      let cursor: string | undefined;
      do {
        const query = { ...parts.query, ...(cursor !== undefined && { cursor }) };
        const page = await request(name, { ...parts, query }, options ?? {});
        const { data, nextCursor } = page.body as { data: never[]; nextCursor: string | null };
        yield* data;
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined);
    },
    events: (filter = {}, options = {}) => hearEvents(settings, base, { filter, options }),
  };
}

async function* hearEvents(
  { apiKey, fetch: fetchBy = fetch, firstDelayMs = FIRST_DELAY_MS }: ClientSettings,
  base: string,
  { filter, options }: { readonly filter: EventFilter; readonly options: EventOptions },
): AsyncGenerator<ReceivedEvent, void> {
  const { types, ...others } = filter;
  const streaming = {
    fetch: fetchBy,
    url: base + OPERATIONS.streamEvents.path + queryText({ types: types?.join(","), ...others }),
    headers: { authorization: `Bearer ${apiKey}` },
    lastEventId: options.lastEventId,
    signal: options.signal,
    silenceMaxMs: SILENCE_MAX_MS,
    firstDelayMs,
    failuresMax: CONNECTIONS_MAX,
  };
  for await (const { id, data } of streamEvents(streaming)) {
    yield { id, event: JSON.parse(data) as LiveEvent };
  }
}

function fillIn(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}
