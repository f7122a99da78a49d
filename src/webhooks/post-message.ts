import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import type { AddressRules } from "./address-rules.ts";
import { judgeUrl } from "./judge-url.ts";
import type { ResolveHost } from "./resolve-host.ts";
import { outcomeOf, type TryOutcome } from "./try-outcome.ts";
import { ForbiddenAddress, vettedLookup } from "./vetted-lookup.ts";

/** Enough for any polite answer; what is longer is not read to its end, and none of it is ever looked at. */
const ANSWER_BYTES_MAX = 65_536;
/** Where a receiver is told often, the next try finds its connection: a handshake costs this process a millisecond. */
const IDLE_MS = 10_000;
const IDLE_SOCKETS = 4;

export interface PosterSettings {
  /** For all of it: name, connection, handshake, headers and body. */
  readonly timeoutMs: number;
  readonly rules: AddressRules;
  readonly resolve: ResolveHost;
}

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Poster {
  /** Never rejects. The signal ends it as `stopped`. */
  readonly post: (post: Post, signal: AbortSignal) => Promise<TryOutcome>;
  /** Closes what is kept open. */
  readonly close: () => void;
}

/** Posts to URLs that somebody else has chosen: addresses vetted as they are connected to, redirects not followed. */
export function createPoster({ timeoutMs, rules, resolve }: PosterSettings): Poster {
  const options = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS, timeout: IDLE_MS };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    async post({ url: text, headers, body }, signal) {
      const judged = judgeUrl(text, rules);
      if (judged.kind === "forbidden") return { kind: "forbidden", statusCode: null };
      const { url, via } = judged;
      const timeout = AbortSignal.timeout(timeoutMs);
      const request: RequestOptions = {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        signal: AbortSignal.any([signal, timeout]),
        lookup: vettedLookup({ resolve, rules, via }),
      };
      const kept = via.isHttps ? agents.https : agents.http;
      try {
        return outcomeOf(await exchange(url, { ...request, agent: kept }, body));
      } catch (error) {
        if (signal.aborted) return { kind: "stopped", statusCode: null };
        if (timeout.aborted) return { kind: "timeout", statusCode: null };
        const kind = error instanceof ForbiddenAddress ? "forbidden" : "unreachable";
        return { kind, statusCode: null };
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** One request and its whole answer: the status. */
async function exchange(url: URL, options: RequestOptions, body: string): Promise<number> {
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options);
  const answer = new Promise<IncomingMessage>((found, failed) => {
    request.once("response", found);
    // Also after the answer: a broken connection is told here as well, and must find somebody.
    request.on("error", failed);
    // Whoever answers 101 and wants to speak something else gives neither an answer nor an error.
    request.once("close", () => failed(new Error("the connection ended without an answer")));
  });
  request.end(body);
  try {
    return await readStatus(await answer);
  } catch (error) {
    // A receiver may close a kept connection in the very moment in which it is used again: that says nothing about it.
    const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
    if (!isStale) throw error;
    return exchange(url, { ...options, agent: false }, body);
  }
}

/** The status of an answer, once it is there as a whole or longer than anybody would read. */
async function readStatus(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break;
  }
  return answer.statusCode ?? 0;
}
