import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Cable extends AsyncDisposable {
  /** The database's URL, by way of the cable. */
  readonly url: string;
  /** Cuts every connection and refuses new ones, as a server that is gone does. */
  cut(): void;
  mend(): void;
  /** The next COMMIT reaches the server; the cable is cut before its answer comes back. */
  loseNextCommit(): void;
}

/** A cable between a test's service and its Postgres, which can be cut. */
export async function layCable(databaseUrl: string): Promise<Cable> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  let losing = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    let mute = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("data", (bytes) => {
      if (losing && bytes.includes("COMMIT")) {
        mute = true;
        losing = false;
      }
      far.write(bytes);
    });
    far.on("data", (bytes) => (mute ? near.destroy() : near.write(bytes)));
    near.on("close", () => far.end());
    far.on("close", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}${target.pathname}`,
    cut() {
      isCut = true;
      drop();
    },
    mend() {
      isCut = false;
    },
    loseNextCommit() {
      losing = true;
    },
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
    },
  };
}
