import kafkajs, { type Consumer, type Producer } from "kafkajs";
import { vi } from "vitest";

/** Requests of this process, until it is disposed of. */
export interface RequestTap extends Disposable {
  /** Of Kafka's protocol, by name: Produce, Fetch, OffsetCommit. */
  readonly kafka: string[];
  /** To the chain's node: the methods that one HTTP request asks for, in order. */
  readonly chain: (readonly string[])[];
}

/** Taps the clients that are made from now on; of Kafka's, those of this name. */
export function tapRequests(rpcUrl: string, clientId: string): RequestTap {
  const kafka: string[] = [];
  const chain: (readonly string[])[] = [];
  const { origin: node } = new URL(rpcUrl);
  const { fetch } = globalThis;
  const hear = ({ payload }: { payload: { apiName: string; clientId: string } }) => {
    if (payload.clientId === clientId) kafka.push(payload.apiName);
  };
  const prototype = kafkajs.Kafka.prototype;
  const makeProducer = Reflect.get(prototype, "producer") as (...args: unknown[]) => Producer;
  const makeConsumer = Reflect.get(prototype, "consumer") as (...args: unknown[]) => Consumer;
  const spies = [
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      if (new URL(url).origin === node) chain.push(methodsOf(init?.body));
      return fetch(input, init);
    }),
    vi.spyOn(prototype, "producer").mockImplementation(function make(this: never, ...args) {
      const made = makeProducer.apply(this, args);
      made.on(made.events.REQUEST, hear);
      return made;
    }),
    vi.spyOn(prototype, "consumer").mockImplementation(function make(this: never, ...args) {
      const made = makeConsumer.apply(this, args);
      made.on(made.events.REQUEST, hear);
      return made;
    }),
  ];
  return {
    kafka,
    chain,
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

function methodsOf(body: unknown): readonly string[] {
  return [...String(body).matchAll(/"method":"(\w+)"/g)].map(([, method]) => method ?? "");
}
