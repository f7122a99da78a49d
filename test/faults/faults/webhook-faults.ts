import type { FaultOf } from "../../../sandbox/circle/control/fault-spec.ts";
import { subscribe } from "../../support/subscribe.ts";
import type { AnsweredHook, HookBox } from "../boxes/hook-box.ts";
import type { Fault } from "../fault.ts";

type Mode = FaultOf<"webhook">["mode"];

const STRIKES = 3;
/** Until the fault ends. */
const ALL = null;
/** A few of Arc's blocks: COMPLETE comes before. */
const LATE_MS = 1_500;

/** Circle notifies the services, and its notifications suffer this; `proofs` counts what services answered to it. */
function webhooks(
  manner: string,
  faults: readonly {
    readonly mode: Mode;
    readonly count: number | null;
    readonly state?: string;
  }[],
  proofs: (answered: HookBox["answered"]) => number,
): Fault {
  return {
    name: `circle: webhooks ${manner}`,
    part: "circle",
    rails: ["circle"],
    async start({ world, boxes }) {
      await using starting = new AsyncDisposableStack();
      starting.use(await subscribe(world.parts.circle, boxes.hooks.url));
      const strikes: (() => number)[] = [];
      for (const { mode, count, state } of faults) {
        const match = state === undefined ? {} : { match: { state } };
        const injected = await boxes.circle.inject({
          kind: "webhook",
          mode,
          count,
          delayMs: LATE_MS,
          ...match,
        });
        starting.defer(() => injected.end());
        strikes.push(injected.struck);
      }
      const started = starting.move();
      return {
        struck: () => Math.min(...strikes.map((struck) => struck()), proofs(boxes.hooks.answered)),
        end: () => started.disposeAsync(),
      };
    },
  };
}

/** Notifications that a service took though it had taken them before. */
function takenTwice(answered: readonly AnsweredHook[]): number {
  const taken = answered.filter(({ status }) => status === 200);
  return taken.length - new Set(taken.map(({ notificationId }) => notificationId)).size;
}

/** Notifications that a transaction was sent, taken after the one that it was mined. */
function takenLate(answered: readonly AnsweredHook[]): number {
  const complete = new Set<string>();
  let late = 0;
  for (const { transactionId, state, status } of answered) {
    if (status !== 200) continue;
    if (state === "COMPLETE") complete.add(transactionId);
    else if (complete.has(transactionId)) late += 1;
  }
  return late;
}

const refused = (answered: readonly AnsweredHook[]) =>
  answered.filter(({ status }) => status === 401).length;

export const webhookFaults: readonly Fault[] = [
  webhooks("duplicated", [{ mode: "duplicate", count: ALL }], takenTwice),
  webhooks("reordered", [{ mode: "late", count: ALL, state: "SENT" }], takenLate),
  webhooks(
    "forged",
    [
      { mode: "tamper", count: STRIKES },
      { mode: "forge", count: STRIKES },
      { mode: "unknownKey", count: STRIKES },
    ],
    refused,
  ),
  // Nothing comes, so nothing can be answered: the emulator's own count is the proof.
  webhooks("never sent", [{ mode: "drop", count: ALL }], () => Infinity),
];
