import { createArming, type Armed, type Arming } from "./armed.ts";
import { createSplitter } from "./message-splitter.ts";
import { openWire, type Line, type Tap, type Wire } from "./wire.ts";

/** A head told twice, not told, or told after the next one. */
export interface HeadStrike {
  readonly kind: "repeat" | "skip" | "reorder";
  readonly times: number | "always";
}

/** A wire to the node's WebSocket that understands its messages. */
export interface HeadsBox extends Pick<Wire, "cut" | "silence" | "disturbed" | "connections"> {
  readonly wsUrl: string;
  strikeHeads(strike: HeadStrike): Armed;
}

export async function openHeadsBox(wsUrl: string): Promise<HeadsBox & AsyncDisposable> {
  const strikes = createArming<HeadStrike>();
  const wire = await openWire({
    targetPort: Number(new URL(wsUrl).port),
    tap: (line) => tapSocket(line, strikes),
  });
  return { ...wire, wsUrl: `ws://127.0.0.1:${wire.port}`, strikeHeads: strikes.arm };
}

function tapSocket(line: Line, strikes: Arming<HeadStrike>): Tap {
  let isOpen = false;
  let held: Buffer | undefined;
  const split = createSplitter((bytes) => (isOpen ? frameLength(bytes) : handshakeLength(bytes)));
  const deliver = (message: Buffer) => {
    line.toClient(message);
    if (held !== undefined) line.toClient(held);
    held = undefined;
  };
  return {
    fromClient: (bytes) => line.toServer(bytes),
    fromServer(chunk) {
      for (const message of split(chunk)) {
        const isHead = isOpen && message.includes('"eth_subscription"');
        isOpen = true;
        const strike = isHead && held === undefined ? strikes.take(() => true) : undefined;
        if (strike === undefined) {
          deliver(message);
          continue;
        }
        switch (strike.kind) {
          case "repeat":
            deliver(message);
            deliver(message);
            break;
          case "skip":
            break;
          case "reorder":
            held = message;
            break;
        }
      }
    },
  };
}

/** The answer to the upgrade, an HTTP head without a body. */
function handshakeLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : end + 4;
}

/** A server's frames are not masked. */
function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? undefined : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + Number(bytes.readBigUInt64BE(2));
}
