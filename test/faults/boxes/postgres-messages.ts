import { createSplitter } from "./message-splitter.ts";

const CANCEL_REQUEST = 80_877_102;
/** Asks for TLS or GSS encryption before the real start; the server answers with one bare byte. */
const ENCRYPTION_REQUESTS: ReadonlySet<number> = new Set([80_877_103, 80_877_104]);

/** More than any transaction here says before it commits. */
const SAID_MAX = 64 * 1024;

/** What one message of a client means to whoever waits for commits. */
export type ClientMessage =
  | { readonly kind: "start" }
  /** `said`: the text of every statement since BEGIN. */
  | { readonly kind: "commit"; readonly said: string }
  | { readonly kind: "other" };

/** Follows a client's side of one connection: the simple protocol, and the extended one with named statements and portals. */
export function followClient(): (
  chunk: Buffer,
) => Generator<{ readonly bytes: Buffer; readonly message: ClientMessage }, void> {
  const statements = new Map<string, string>();
  const portals = new Map<string, string>();
  let hasStarted = false;
  let said = "";
  const split = createSplitter((bytes) => {
    if (!hasStarted) return bytes.length < 4 ? undefined : bytes.readInt32BE(0);
    return bytes.length < 5 ? undefined : 1 + bytes.readInt32BE(1);
  });
  const execute = (statement: string): ClientMessage => {
    if (/^\s*(begin|start transaction)\b/i.test(statement)) said = "";
    if (/^\s*commit\b/i.test(statement)) return { kind: "commit", said };
    if (said.length < SAID_MAX) said += `${statement};\n`;
    return { kind: "other" };
  };
  const understand = (bytes: Buffer): ClientMessage => {
    if (!hasStarted) {
      const code = bytes.readInt32BE(4);
      if (ENCRYPTION_REQUESTS.has(code) || code === CANCEL_REQUEST) return { kind: "other" };
      hasStarted = true;
      return { kind: "start" };
    }
    const [first = "", second = ""] = bytes.subarray(5).toString("latin1").split("\0", 2);
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case "Q":
        return execute(first);
      case "P":
        statements.set(first, second);
        return { kind: "other" };
      case "B":
        portals.set(first, statements.get(second) ?? "");
        return { kind: "other" };
      case "E":
        return execute(portals.get(first) ?? "");
      default:
        return { kind: "other" };
    }
  };
  return function* follow(chunk) {
    for (const bytes of split(chunk)) yield { bytes, message: understand(bytes) };
  };
}

/** Follows a server's side: the SQLSTATE of every error, and when it is ready for the next query. */
export function followServer(): (chunk: Buffer) => {
  readonly sqlStates: readonly string[];
  readonly isReady: boolean;
} {
  const split = createSplitter((bytes) => {
    // The bare answer to a request for encryption.
    if (bytes[0] === 0x4e && bytes.length === 1) return 1;
    return bytes.length < 5 ? undefined : 1 + bytes.readInt32BE(1);
  });
  return (chunk) => {
    const messages = [...split(chunk)];
    return {
      sqlStates: messages.filter((bytes) => bytes[0] === 0x45).map(sqlStateOf),
      isReady: messages.some((bytes) => bytes[0] === 0x5a),
    };
  };
}

function sqlStateOf(error: Buffer): string {
  const fields = error.subarray(5).toString("utf8").split("\0");
  return fields.find((field) => field.startsWith("C"))?.slice(1) ?? "";
}

/** The server's refusal of a connection, in the words of a real one. */
export function refusal(sqlState: string, words: string): Buffer {
  const fields = [`SFATAL`, `VFATAL`, `C${sqlState}`, `M${words}`, ""];
  const body = Buffer.from(`${fields.join("\0")}\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
