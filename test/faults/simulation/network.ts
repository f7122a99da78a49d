import type { SimProcess } from "./process.ts";
import { never } from "./process.ts";
import { runOutside } from "./virtual-time.ts";

/** A call of a process on its way to a part outside, or its answer on the way back. */
export interface Message {
  readonly name: string;
  readonly from: SimProcess;
  readonly isWrite: boolean;
  /** Takes effect at the other side, at most once. */
  deliver(): void;
  readonly isDelivered: boolean;
  /** Its caller still waits for an answer. */
  readonly isAwaited: boolean;
  /** Delivers it where it was not, and answers. */
  answer(): void;
  /** The caller gives up, and what was not delivered never will be. */
  lose(): void;
  /** The caller gives up; what was not delivered stays on its way and may arrive late. */
  giveUp(): void;
}

export type Fate = "answered" | "parked" | "lost" | "answer_lost" | "answer_parked";

export interface Call<T> {
  readonly what: string;
  readonly isWrite: boolean;
  /** The other side's doing; may throw its refusal. */
  readonly effect: () => T;
  /** What a caller that hears nothing gets. */
  readonly unanswered: () => Error;
  readonly signal?: AbortSignal | undefined;
}

export interface Network {
  /** What is on its way, oldest first. */
  readonly messages: ReadonlySet<Message>;
  call<T>(from: SimProcess, call: Call<T>): Promise<T>;
}

export function createNetwork(fateOf: (call: Call<unknown>, from: SimProcess) => Fate): Network {
  const messages = new Set<Message>();
  let sent = 0;
  return {
    messages,
    call: (from, call) =>
      from.operate(call.what, () => {
        const pending = Promise.withResolvers<Awaited<ReturnType<typeof call.effect>>>();
        const message = messageOf(from, call, pending);
        switch (fateOf(call, from)) {
          case "answered":
            message.answer();
            break;
          case "lost":
            message.lose();
            break;
          case "answer_lost":
            message.deliver();
            message.lose();
            break;
          case "answer_parked":
            message.deliver();
            messages.add(message);
            break;
          case "parked":
            messages.add(message);
        }
        return Promise.race([pending.promise, aborted(call)]);
      }),
  };

  function messageOf<T>(
    from: SimProcess,
    call: Call<T>,
    pending: PromiseWithResolvers<Awaited<T>>,
  ): Message {
    let isGivenUp = false;
    let outcome: { value: T } | { error: unknown } | undefined;
    const deliver = () => {
      outcome ??= runOutside(() => {
        try {
          return { value: call.effect() };
        } catch (error) {
          return { error };
        }
      });
      return outcome;
    };
    sent += 1;
    const message: Message = {
      name: `${call.what}#${sent}`,
      from,
      isWrite: call.isWrite,
      get isDelivered() {
        return outcome !== undefined;
      },
      get isAwaited() {
        return !isGivenUp && !from.isDead;
      },
      deliver: () => void deliver(),
      answer() {
        messages.delete(message);
        const found = deliver();
        if ("error" in found) pending.reject(found.error);
        else pending.resolve(found.value as Awaited<T>);
      },
      lose() {
        // What was not delivered yet never will be.
        messages.delete(message);
        pending.reject(call.unanswered());
      },
      giveUp() {
        isGivenUp = true;
        if (outcome) messages.delete(message);
        pending.reject(call.unanswered());
      },
    };
    pending.promise.catch(() => undefined);
    return message;
  }
}

/** A caller that is told to stop hears nothing more; the message itself goes its way. */
function aborted<T>({ signal, unanswered }: Call<T>): Promise<never> {
  if (!signal) return never();
  if (signal.aborted) return Promise.reject(unanswered());
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(unanswered()), { once: true });
  });
}
