import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** What this process says and hears on sockets. */
export interface SocketTap extends Disposable {
  /** Sent to servers on that port, and received from them. */
  readonly bytesAt: (port: number) => number;
  /** What is opened while this is done is not heard of. */
  readonly without: <T>(open: () => Promise<T>) => Promise<T>;
}

const CHANNEL = "net.client.socket";

/** Taps the sockets that are opened from now on. */
export function tapSockets(): SocketTap {
  const sockets = new Map<Socket, number>();
  let isDeaf = false;
  const hear = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    if (isDeaf) return;
    // A socket that was closed does not know any more to whom it went.
    socket.once("connect", () => sockets.set(socket, socket.remotePort ?? 0));
  };
  subscribe(CHANNEL, hear);
  return {
    bytesAt: (port) =>
      [...sockets]
        .filter(([, at]) => at === port)
        .reduce((sum, [{ bytesRead, bytesWritten }]) => sum + bytesRead + bytesWritten, 0),
    async without(open) {
      isDeaf = true;
      try {
        return await open();
      } finally {
        isDeaf = false;
      }
    },
    [Symbol.dispose]: () => void unsubscribe(CHANNEL, hear),
  };
}
