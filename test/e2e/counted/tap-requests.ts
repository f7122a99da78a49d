import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import kafkajs, { type Consumer, type Producer } from "kafkajs";
import { vi } from "vitest";

/** Requests of this process, until it is disposed of. */
export interface RequestTap extends Disposable {
  /** Of Kafka's protocol, by name: Produce, Fetch, OffsetCommit. */
  readonly kafka: string[];
  /** To the chain's node: the methods that one HTTP request asks for, in order. */
  readonly chain: (readonly string[])[];
  /** To Circle: method and path. */
  readonly circle: string[];
}

export interface Tapped {
  readonly rpcUrl: string;
  readonly circleUrl: string;
  /** Of Kafka's clients, those of this name. */
  readonly clientId: string;
}

/** Where Circle's SDK is met: its HTTP client is Node's own. */
const REQUEST_STARTS = "http.client.request.start";

/** Taps the clients that are made from now on. */
export function tapRequests({ rpcUrl, circleUrl, clientId }: Tapped): RequestTap {
  const kafka: string[] = [];
  const chain: (readonly string[])[] = [];
  const circle: string[] = [];
  const { origin: node } = new URL(rpcUrl);
  const { host: circleHost } = new URL(circleUrl);
  const hearCircle = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest };
    if (request.getHeader("host") === circleHost) circle.push(`${request.method} ${request.path}`);
  };
  subscribe(REQUEST_STARTS, hearCircle);
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
    circle,
    [Symbol.dispose]() {
      unsubscribe(REQUEST_STARTS, hearCircle);
      for (const spy of spies) spy.mockRestore();
    },
  };
}

function methodsOf(body: unknown): readonly string[] {
  return [...String(body).matchAll(/"method":"(\w+)"/g)].map(([, method]) => method ?? "");
}
