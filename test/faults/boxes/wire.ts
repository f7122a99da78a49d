import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../sandbox/process/free-port.ts";

/** One connection through a wire. What is given to a side that has gone is dropped. */
export interface Line {
  toServer(bytes: Buffer): void;
  toClient(bytes: Buffer): void;
  /** Both sides see a broken connection, at once. */
  cut(): void;
  /** The client gets what was sent so far, then the connection ends on both sides. */
  close(): void;
}

/** What stands between the two sides of one connection; it passes on what it wants to. */
export interface Tap {
  fromClient(bytes: Buffer): void;
  fromServer(bytes: Buffer): void;
}

/** A wire from a client to a server on this machine, which can be cut, slowed, silenced and listened in on. */
export interface Wire extends AsyncDisposable {
  readonly port: number;
  /** How many connections were made through it. */
  connections(): number;
  /** Breaks every connection; new ones may be made. Answers how many it broke. */
  cut(): number;
  /** Breaks every connection and takes no new ones, as a server that is gone does. */
  refuse(): Promise<void>;
  /** Takes connections again. */
  mend(): Promise<void>;
  /** Nothing is delivered any more, and nothing is closed. What is said meanwhile is lost. */
  silence(isSilent: boolean): void;
  /** Holds every delivery back that long, in order; 0 ends it. */
  slow(delayMs: number): void;
  /** Deliveries that were swallowed or held back. */
  disturbed(): number;
}

export interface WireOptions {
  readonly targetPort: number;
  /** Stands in the way of one connection; without it bytes pass as they are. */
  readonly tap?: (line: Line) => Tap;
}

interface Manner {
  isSilent: boolean;
  slowMs: number;
  disturbed: number;
}

export async function openWire({ targetPort, tap = passOn }: WireOptions): Promise<Wire> {
  const port = await freePort();
  const lines = new Set<Line>();
  const manner: Manner = { isSilent: false, slowMs: 0, disturbed: 0 };
  let made = 0;
  const take = (near: Socket) => {
    made += 1;
    const far = connect(targetPort, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // Its end is told by "close".
      socket.on("error", () => undefined);
    }
    const line = tie(near, far, { manner, tap });
    lines.add(line);
    near.on("close", () => lines.delete(line));
  };
  let server: Server | undefined = await listen(port, take);
  const cut = () => {
    const broken = lines.size;
    for (const line of lines) line.cut();
    return broken;
  };
  const refuse = async () => {
    const old = server;
    server = undefined;
    if (old === undefined) return;
    const closed = once(old, "close");
    old.close();
    cut();
    await closed;
  };
  return {
    port,
    connections: () => made,
    cut,
    refuse,
    async mend() {
      server ??= await listen(port, take);
    },
    silence: (isSilent) => void (manner.isSilent = isSilent),
    slow: (delayMs) => void (manner.slowMs = delayMs),
    disturbed: () => manner.disturbed,
    [Symbol.asyncDispose]: refuse,
  };
}

function passOn(line: Line): Tap {
  return {
    fromClient: (bytes) => line.toServer(bytes),
    fromServer: (bytes) => line.toClient(bytes),
  };
}

function tie(
  near: Socket,
  far: Socket,
  { manner, tap }: { manner: Manner; tap: (line: Line) => Tap },
): Line {
  const line: Line = {
    toServer: deliverer({ to: far, from: near, manner }),
    toClient: deliverer({ to: near, from: far, manner }),
    cut() {
      near.resetAndDestroy();
      far.destroy();
    },
    close() {
      near.end();
      far.destroy();
    },
  };
  const listening = tap(line);
  near.on("data", (bytes) => listening.fromClient(bytes));
  far.on("data", (bytes) => listening.fromServer(bytes));
  near.on("close", () => far.destroy());
  far.on("close", () => near.destroySoon());
  return line;
}

/** Writes in order; a side that does not drain holds the other side's reading up. */
function deliverer({ to, from, manner }: { to: Socket; from: Socket; manner: Manner }) {
  let last: Promise<unknown> | undefined;
  const write = (bytes: Buffer) => {
    if (to.destroyed || to.writableEnded || to.write(bytes)) return;
    from.pause();
    to.once("drain", () => from.resume());
  };
  return (bytes: Buffer) => {
    if (manner.isSilent || manner.slowMs > 0) manner.disturbed += 1;
    if (manner.isSilent) return;
    if (manner.slowMs === 0 && last === undefined) return write(bytes);
    const turn = Promise.all([last, delay(manner.slowMs)]).then(() => {
      write(bytes);
      if (last === turn) last = undefined;
    });
    last = turn;
  };
}

async function listen(port: number, take: (near: Socket) => void): Promise<Server> {
  const server = createServer(take);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
