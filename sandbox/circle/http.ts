import type { IncomingMessage, ServerResponse } from "node:http";
import { CircleError } from "./api/circle-error.ts";

/** A batch of several hundred payments is a tenth of this. */
const BODY_MAX_BYTES = 2 * 1024 * 1024;

/** The request's body as JSON; undefined where it has none. Throws code 2 for anything else, 413 beyond the limit. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new CircleError(413, -1, "Request body too large.");
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new CircleError(400, 2, "API parameter invalid");
  }
}

/** Writes a JSON answer, or a bare status where there is no body. */
export function writeJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}
