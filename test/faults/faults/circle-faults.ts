import type { FaultKind, FaultSpec } from "../../../sandbox/circle/control/fault-spec.ts";
import type { InjectedFault } from "../boxes/circle-box.ts";
import type { Cell, Fault } from "../fault.ts";

const STRIKES = 3;
/** Circle's minute, divided as all delays of a cell are. */
const MINUTE_MS = 3_000;
const GETS = 10;
const STALE_MS = 1_000;

type Unmatched<T> = T extends unknown ? Omit<T, "match"> : never;

/** POSTs that pay. */
function onPosts(words: string, ...specs: readonly Unmatched<FaultSpec>[]): Fault {
  return circle(words, specs, ({ world }) => ({
    method: "POST",
    path:
      world.settings["PAYMENT_METHOD"] === "transfer"
        ? "/transactions/transfer"
        : "/transactions/contractExecution",
  }));
}

function onGets(words: string, ...specs: readonly Unmatched<FaultSpec>[]): Fault {
  return circle(words, specs, () => ({ method: "GET", path: "/transactions" }));
}

function circle(
  words: string,
  specs: readonly Unmatched<FaultSpec>[],
  matchOf: (cell: Cell) => NonNullable<FaultSpec["match"]>,
): Fault {
  return {
    name: `circle: ${words}`,
    part: "circle",
    rails: ["circle"],
    async start(cell) {
      const match = matchOf(cell);
      const injected: InjectedFault[] = [];
      for (const spec of specs) {
        injected.push(await cell.boxes.circle.inject({ ...spec, match }));
      }
      return {
        // Where one fault leads to the other, the last one's strike is the proof.
        struck: () => injected.at(-1)?.struck() ?? 0,
        async end() {
          for (const each of injected) await each.end();
        },
      };
    },
  };
}

function forced(
  words: string,
  state: string,
  more: Partial<Extract<FaultSpec, { kind: "forceState" }>> & { readonly executed: boolean },
): Fault {
  return onPosts(words, { kind: "forceState", state, count: STRIKES, ...more });
}

const answer = { kind: "answer", count: STRIKES } as const satisfies {
  kind: FaultKind;
  count: number;
};

export const circleFaults: readonly Fault[] = [
  onPosts("answer lost after paying", { kind: "loseAnswer", executed: true, count: STRIKES }),
  onPosts("connection reset before paying", {
    kind: "loseAnswer",
    executed: false,
    count: STRIKES,
  }),
  onPosts("executed twice", { kind: "executeTwice", count: STRIKES }),
  onPosts("executed a minute late", { kind: "executeLate", delayMs: MINUTE_MS, count: STRIKES }),
  onPosts("request arrives a minute late", {
    kind: "arriveLate",
    delayMs: MINUTE_MS,
    count: STRIKES,
  }),
  onPosts(
    "key forgotten",
    { kind: "loseAnswer", executed: true, count: STRIKES },
    // Late enough that the key is asked for again before the chain has answered.
    { kind: "executeLate", delayMs: MINUTE_MS, count: STRIKES },
    { kind: "forgetKey", count: STRIKES },
  ),
  onPosts("429 with body", { ...answer, executed: false, status: 429, body: "json" }),
  onPosts("429 without body", { ...answer, executed: false, status: 429, body: "none" }),
  onPosts("5xx in HTML before paying", { ...answer, executed: false, status: 503, body: "html" }),
  onPosts("5xx in HTML after paying", { ...answer, executed: true, status: 502, body: "html" }),
  onPosts("hung before paying", { kind: "hang", executed: false, count: 1 }),
  onPosts("hung after paying", { kind: "hang", executed: true, count: 1 }),
  onPosts("155264, too many pending", { kind: "refuse", code: 155264, count: STRIKES }),
  onPosts("156020, a new key wanted", { kind: "refuse", code: 156020, count: STRIKES }),
  forced("FAILED", "FAILED", { executed: false, errorReason: "ESTIMATION_ERROR" }),
  forced("FAILED although it executes", "FAILED", {
    executed: true,
    errorReason: "ESTIMATION_ERROR",
  }),
  forced("DENIED", "DENIED", { executed: false }),
  forced("DENIED although it executes", "DENIED", { executed: true }),
  forced("STUCK", "STUCK", { executed: false, count: 1 }),
  forced("a state nobody knows", "PONDERING", { executed: true, forMs: MINUTE_MS }),
  onGets("429 on reads", { ...answer, executed: false, status: 429, body: "json", count: GETS }),
  onGets("5xx in HTML on reads", {
    ...answer,
    executed: false,
    status: 500,
    body: "html",
    count: GETS,
  }),
  onGets("reads lag", {
    kind: "staleGet",
    statesBehind: 2,
    hideYoungerThanMs: STALE_MS,
    count: GETS,
  }),
];
