import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const PRELOAD = pathToFileURL(fileURLToPath(new URL("./process-preload.ts", import.meta.url))).href;

/** Steers the processes that were started with its settings, from inside them. */
export interface ProcessBox {
  /** What a process must be started with, added to what its environment says already. */
  settings(base: Readonly<Record<string, string>>): Record<string, string>;
  /** The clock of each process, now and of those to come, is off by that much; 0: right again. */
  shiftClock(shiftMs: number): void;
  /** Each process does nothing at all for so long. */
  blockLoop(blockMs: number): void;
  /** Orders that were carried out, other than setting a clock right. */
  struck(): number;
}

export async function openProcessBox(): Promise<ProcessBox & AsyncDisposable> {
  const processes = new Set<Socket>();
  let shiftMs = 0;
  let struck = 0;
  const say = (socket: Socket, blockMs: number) =>
    void socket.write(`${JSON.stringify({ shiftMs, blockMs })}\n`);
  const server = createServer((socket) => {
    processes.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => processes.delete(socket));
    createInterface(socket).on("line", (line) => {
      const done = JSON.parse(line) as { readonly shiftMs: number; readonly blockMs: number };
      if (done.shiftMs !== 0 || done.blockMs !== 0) struck += 1;
    });
    say(socket, 0);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    settings(base) {
      const options = [base["NODE_OPTIONS"], `--import=${PRELOAD}`].filter(Boolean).join(" ");
      const { port } = server.address() as AddressInfo;
      return { NODE_OPTIONS: options, FAULT_PROCESS_PORT: String(port) };
    },
    shiftClock(ms) {
      shiftMs = ms;
      for (const socket of processes) say(socket, 0);
    },
    blockLoop(blockMs) {
      for (const socket of processes) say(socket, blockMs);
    },
    struck: () => struck,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of processes) socket.destroy();
      await closed;
    },
  };
}
