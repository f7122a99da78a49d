import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A line to a server that can go silent (nothing is delivered, nothing is closed) or be cut. */
export interface TcpTap extends AsyncDisposable {
  readonly port: number;
  /** How many connections were made through it. */
  connections(): number;
  silence(isSilent: boolean): void;
  cut(): void;
}

export async function startTcpTap(target: number): Promise<TcpTap> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let made = 0;
  const server = createServer((near) => {
    made += 1;
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => void (isSilent || to.write(chunk)));
      from.on("error", () => from.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => made,
    silence: (silent) => void (isSilent = silent),
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
