import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { listen, type ListenLimits, type Listening } from "../../../src/http/listen.ts";
import { answerStarting } from "../../../src/http/starting.ts";
import { createMetrics, type Metrics } from "../../../src/metrics/create-metrics.ts";
import { apiOver, PUBLIC_URL, type FixtureOptions } from "../api-fixture.ts";

/** Nobody may be kept waiting for longer, whatever was sent. */
const HANG_MS = 10_000;

export interface RawServer {
  readonly port: number;
  readonly metrics: Metrics;
  readonly listening: Listening;
  /** Puts the API behind the port, which says until then that the service starts. */
  serve(options?: FixtureOptions): Promise<void>;
}

/** The port as the service opens it, on one that is free. */
export async function openPort(limits: Partial<ListenLimits> = {}): Promise<RawServer> {
  const metrics = createMetrics({ sloMs: 3_000 });
  const opened = Promise.withResolvers<number>();
  const log = pino(
    {},
    {
      write(line: string) {
        const { msg, port } = JSON.parse(line) as { msg: string; port: number };
        if (msg === "the API is served") opened.resolve(port);
      },
    },
  );
  const deps = { log, metrics, publicUrl: PUBLIC_URL };
  const place = { host: "127.0.0.1", port: 0, limits };
  const listening = listen(deps, place, answerStarting(deps));
  return {
    port: await opened.promise,
    metrics,
    listening,
    async serve(options = {}) {
      const app = await apiOver({ ...options, metrics });
      listening.use((request, response) => app.routing(request, response));
    },
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Sends these bytes, whatever they are, and reads until the other side ends the connection. */
export async function exchange(
  port: number,
  bytes: string | Buffer,
  onOpen: (socket: Socket) => void = () => undefined,
): Promise<readonly RawAnswer[]> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const hang = setTimeout(() => ended.reject(new Error("it hangs")), HANG_MS);
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("close", () => ended.resolve());
  // Whoever goes on sending to somebody who has left.
  socket.on("error", () => undefined);
  socket.write(bytes);
  onOpen(socket);
  try {
    await ended.promise;
  } finally {
    clearTimeout(hang);
    socket.destroy();
  }
  return answersIn(Buffer.concat(chunks).toString("latin1"));
}

/** The answers of one connection, one after the other. */
function answersIn(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== "";) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`no answer: ${rest.slice(0, 80)}`);
    const headers = new Headers(
      lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    );
    const from = end + 4;
    const length = Number(headers.get("content-length") ?? 0);
    if (status !== 100) answers.push({ status, headers, body: rest.slice(from, from + length) });
    rest = rest.slice(from + length);
  }
  return answers;
}
