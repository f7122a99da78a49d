import { Readable } from "node:stream";

export interface EventStream {
  /** What is sent to the client. */
  readonly readable: Readable;
  /** Whether it was taken; false where the client is too far behind to get it now, and after the end. */
  send(bytes: Buffer): boolean;
  /** Resolves once the client has read nearly all that it was sent, or is gone. */
  roomy(): Promise<void>;
  /** Whether the client has taken in anything since it was last asked, or has nothing to take in. */
  moves(): boolean;
  isEnded(): boolean;
  /** The last that it gets; a client that does not even read that is cut off. */
  end(farewell: Buffer): void;
}

/** Bytes that wait for one client, beside what the kernel holds: some hundred events, which all who get them share. */
const BUFFER_MAX_BYTES = 256 * 1024;
/** Below it more is asked for. */
const LOW_BYTES = 16 * 1024;
const FAREWELL_TIMEOUT_MS = 5_000;

/** A bounded stream to one client: nobody waits for a slow one, and none costs more than its buffer. */
export function createEventStream({
  bufferMaxBytes = BUFFER_MAX_BYTES,
  farewellTimeoutMs = FAREWELL_TIMEOUT_MS,
} = {}): EventStream {
  let isAsking = false;
  let hasAsked = true;
  let isEnded = false;
  let waiting: (() => void)[] = [];
  const release = () => {
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  const readable = new Readable({
    highWaterMark: LOW_BYTES,
    read() {
      isAsking = true;
      hasAsked = true;
      release();
    },
  });
  readable.once("close", release);
  return {
    readable,
    send(bytes) {
      if (isEnded || readable.destroyed) return false;
      const waiting = readable.readableLength;
      if (waiting > 0 && waiting + bytes.length > bufferMaxBytes) return false;
      isAsking = false;
      readable.push(bytes);
      return true;
    },
    async roomy() {
      if (isAsking || isEnded || readable.destroyed) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    moves() {
      const moved = hasAsked || readable.readableLength === 0;
      hasAsked = false;
      return moved;
    },
    isEnded: () => isEnded || readable.destroyed,
    end(farewell) {
      if (isEnded || readable.destroyed) return;
      isEnded = true;
      readable.push(farewell);
      readable.push(null);
      release();
      const cut = setTimeout(() => readable.destroy(), farewellTimeoutMs);
      readable.once("close", () => clearTimeout(cut));
    },
  };
}
