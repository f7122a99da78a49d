import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { collectArrivals, type Arrivals } from "../e2e/arrivals.ts";

/** A webhook as it came. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, received: Received) => void;

/** A real HTTP server on loopback that is told of payments. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: Arrivals<Received>;
  /** How it answers from now on; 204 unless told. */
  answer: Answer;
}

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

/** Takes the request, and nothing comes of it. */
export const silent: Answer = () => undefined;

export async function startReceiver(answer: Answer = answering(204)): Promise<Receiver> {
  const received = collectArrivals<Received>();
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const one = { path: request.url ?? "", headers: request.headers, body };
        received.push(one);
        receiver.answer(response, one);
      },
      () => undefined,
    );
  });
  // Whoever breaks a try off breaks its connection.
  server.on("clientError", (_, socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}
