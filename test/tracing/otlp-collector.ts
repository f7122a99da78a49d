import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { readProtobuf, type Field } from "./read-protobuf.ts";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

export interface Collector {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT must be. */
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** From now on. */
  answerWith(status: number): void;
  /** Resolves once what is collected satisfies this. */
  until(isEnough: (spans: readonly CollectedSpan[]) => boolean): Promise<void>;
  stop(): void;
}

export interface CollectorOptions {
  /** 0: answers never. */
  readonly status?: number;
}

/** An OTLP/HTTP collector of traces in this process, on a free port. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  let { status = 200 } = options;
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers });
      const body = Buffer.concat(chunks);
      const isZipped = request.headers["content-encoding"] === "gzip";
      if (status === 200) spans.push(...readTraces(isZipped ? gunzipSync(body) : body));
      // A collector that refuses says what it was told, as proxies do: headers and all.
      const said = status === 200 ? "" : JSON.stringify(request.headers);
      if (status !== 0) response.writeHead(status).end(said);
      for (const look of waiting) look();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answerWith: (next) => void (status = next),
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isEnough(spans)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const ERROR = 2n;

/** An ExportTraceServiceRequest; numbers as in opentelemetry-proto's trace.proto. */
function readTraces(body: Buffer): CollectedSpan[] {
  return messages(readProtobuf(body).get(1)).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans.get(1));
    const about = attributesOf(resource?.get(1));
    return messages(resourceSpans.get(2)).flatMap((scopeSpans) =>
      messages(scopeSpans.get(2)).map((span) => readSpan(span, about)),
    );
  });
}

type Message = ReturnType<typeof readProtobuf>;

function readSpan(span: Message, resource: CollectedSpan["resource"]): CollectedSpan {
  const [status] = messages(span.get(15));
  return {
    traceId: hex(span.get(1)),
    spanId: hex(span.get(2)),
    parentSpanId: hex(span.get(4)),
    name: text(span.get(5)),
    kind: KINDS[Number(span.get(6)?.[0] ?? 0)] ?? "internal",
    startMs: milliseconds(span.get(7)),
    endMs: milliseconds(span.get(8)),
    attributes: attributesOf(span.get(9)),
    links: messages(span.get(13)).map((link) => ({
      traceId: hex(link.get(1)),
      spanId: hex(link.get(2)),
    })),
    isError: status?.get(3)?.[0] === ERROR,
    resource,
  };
}

function attributesOf(pairs: readonly Field[] | undefined): CollectedSpan["attributes"] {
  return Object.fromEntries(
    messages(pairs).map((pair) => {
      const [value] = messages(pair.get(2));
      return [text(pair.get(1)), valueOf(value)];
    }),
  );
}

/** An AnyValue: a string, a flag, or a number. */
function valueOf(value: Message | undefined): string | number | boolean {
  if (value?.has(2)) return value.get(2)?.[0] === 1n;
  if (value?.has(3)) return Number(value.get(3)?.[0]);
  return text(value?.get(1));
}

function messages(fields: readonly Field[] | undefined): Message[] {
  return (fields ?? []).flatMap((field) => (Buffer.isBuffer(field) ? [readProtobuf(field)] : []));
}

function hex(fields: readonly Field[] | undefined): string {
  const [field] = fields ?? [];
  return Buffer.isBuffer(field) ? field.toString("hex") : "";
}

function text(fields: readonly Field[] | undefined): string {
  const [field] = fields ?? [];
  return Buffer.isBuffer(field) ? field.toString("utf8") : "";
}

function milliseconds(fields: readonly Field[] | undefined): number {
  const [field] = fields ?? [];
  return typeof field === "bigint" ? Number(field / 1_000n) / 1_000 : 0;
}
