import { setTimeout as delay } from "node:timers/promises";
import { getHttpRpcClient, type HttpRpcClient } from "viem/utils";
import { PaymentError } from "../errors.ts";
import { isThrottling, transportTrouble, type NodeError, type Trouble } from "./rpc-trouble.ts";
import { redactor } from "./redact-url.ts";

/** Nodes refuse more than 100 calls in one request (reth's default, and Arc's). */
const BATCH_MAX = 100;

/** Blocks with hundreds of payments, read sixteen at a time. */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** A node that failed is asked last for this long, so that one dead node costs one time-out, not one per call. */
const REST_MS = 10_000;

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcAnswer = { readonly result: unknown } | { readonly error: NodeError };

/** JSON-RPC over HTTP to the first of several nodes that answers. */
export interface Rpc {
  /**
   * Puts all calls to one node in one request and gives its answers in order; a call's own error is an answer.
   * A node whose answers `isUsable` refuses (it lags) is passed over, unless no node does better: then the last one's
   * answers are given and the caller judges them. Throws `CHAIN_UNAVAILABLE` (retry) when no node answered; for a call
   * that sends, that means it may or may not have arrived, unless `context.isThrottled`: then all refused to look at it.
   */
  ask(calls: readonly RpcCall[], options?: AskOptions): Promise<readonly RpcAnswer[]>;
  /** The node in use seems frozen: another one is asked first for a while. */
  distrust(): void;
}

interface AskOptions {
  readonly isUsable?: (answers: readonly RpcAnswer[]) => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface RpcOptions {
  readonly urls: readonly string[];
  /** Of one request to one node. */
  readonly timeoutMs?: number;
  /** How often the whole list of nodes is gone through; a kept-alive connection that the node closed is mended by the second. */
  readonly rounds?: number;
  readonly roundPauseMs?: number;
}

interface Node {
  /** By number: the URL may carry an API key. */
  readonly name: string;
  readonly client: HttpRpcClient;
  restsUntilMs: number;
}

/** Makes an `Rpc`; nothing is sent yet. */
export function createRpc(options: RpcOptions): Rpc {
  const { urls, timeoutMs = 2_000, rounds = 2, roundPauseMs = 100 } = options;
  const redact = redactor(urls);
  const nodes = urls.map((url, index): Node => ({
    name: `RPC node ${index + 1} of ${urls.length}`,
    client: getHttpRpcClient(url, {
      timeout: timeoutMs,
      maxResponseBodySize: RESPONSE_BYTES_MAX,
    }),
    restsUntilMs: 0,
  }));
  const freshFirst = () => nodes.toSorted((a, b) => restMs(a) - restMs(b));
  return {
    async ask(calls, { isUsable = () => true, signal } = {}) {
      if (calls.length > BATCH_MAX) throw new RangeError(`more than ${BATCH_MAX} calls at once`);
      if (calls.length === 0) return [];
      let poor: readonly RpcAnswer[] | undefined;
      const troubles: Trouble[] = [];
      for (let round = 0; round < rounds && poor === undefined; round += 1) {
        if (round > 0) await delay(roundPauseMs, undefined, { signal }).catch(() => undefined);
        for (const node of freshFirst()) {
          if (signal?.aborted) break;
          const outcome = await askNode(node, calls, signal);
          if ("trouble" in outcome) {
            node.restsUntilMs = performance.now() + REST_MS;
            const { trouble, isThrottle } = outcome;
            troubles.push({ trouble: `${node.name} ${redact(trouble)}`, isThrottle });
          } else {
            const answers = outcome.answers.map((answer) => redacted(answer, redact));
            if (isUsable(answers)) return answers;
            poor = answers;
          }
        }
      }
      if (poor !== undefined) return poor;
      const words = new Set(troubles.map(({ trouble }) => trouble));
      const why = signal?.aborted ? "stopped" : [...words].join("; ");
      const isThrottled = troubles.length > 0 && troubles.every(({ isThrottle }) => isThrottle);
      throw new PaymentError("CHAIN_UNAVAILABLE", "retry", `${namesOf(calls)}: ${why}`, {
        context: { isThrottled },
      });
    },
    distrust() {
      const [current] = freshFirst();
      if (current) current.restsUntilMs = performance.now() + REST_MS;
    },
  };
}

function restMs(node: Node): number {
  return Math.max(0, node.restsUntilMs - performance.now());
}

async function askNode(
  node: Node,
  calls: readonly RpcCall[],
  signal: AbortSignal | undefined,
): Promise<{ readonly answers: readonly RpcAnswer[] } | Trouble> {
  try {
    const fetchOptions = signal === undefined ? {} : { signal };
    const [first] = calls;
    const body = calls.map((call, id) => ({ ...call, params: [...call.params], id }));
    const replies =
      first !== undefined && body.length === 1
        ? [await node.client.request({ body: { ...first }, fetchOptions })]
        : await node.client.request({ body, fetchOptions });
    const ordered = replies.length === 1 ? replies : inOrder(replies, calls.length);
    const answers = ordered.map(answerOf);
    const throttled = answers.find((answer) => "error" in answer && isThrottling(answer.error));
    if (throttled && "error" in throttled) {
      return { trouble: `throttles: ${throttled.error.message}`, isThrottle: true };
    }
    return { answers };
  } catch (error) {
    return transportTrouble(error, calls.length);
  }
}

interface Reply {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** JSON-RPC answers a batch in any order, and a batch that it refuses as a whole with one error. */
function inOrder(replies: readonly Reply[], count: number): readonly Reply[] {
  const byId = new Map(replies.map((reply) => [reply.id, reply]));
  const wholeError = replies.find(({ error }) => error !== undefined) ?? {};
  return Array.from({ length: count }, (_, id) => byId.get(id) ?? wholeError);
}

function answerOf(reply: Reply): RpcAnswer {
  if (reply.error !== undefined && reply.error !== null) {
    const { code, message } = reply.error as { code?: unknown; message?: unknown };
    return {
      error: {
        code: Number(code ?? 0),
        message: typeof message === "string" ? message : "an error without words",
      },
    };
  }
  if (reply.result === undefined) return { error: { code: 0, message: "no answer in the batch" } };
  return { result: reply.result };
}

function redacted(answer: RpcAnswer, redact: (text: string) => string): RpcAnswer {
  if (!("error" in answer)) return answer;
  return { error: { code: answer.error.code, message: redact(answer.error.message) } };
}

function namesOf(calls: readonly RpcCall[]): string {
  return [...new Set(calls.map(({ method }) => method))].join(", ");
}
