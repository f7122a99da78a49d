/** Preloaded into a process under test (`node --import`): lets a test move its clock and hold its event loop. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { z } from "zod";

const order = z.strictObject({ shiftMs: z.number(), blockMs: z.number() });

/** A test that is over leaves a port where nobody listens. */
const FIRST_ORDER_TIMEOUT_MS = 2_000;

let shiftMs = 0;

// As a real clock that is moved: performance.now() and timers go on as before.
globalThis.Date = new Proxy(Date, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + shiftMs] : args, newTarget),
  apply: (target) => new target(target.now() + shiftMs).toString(),
  get: (target, name, receiver) =>
    name === "now" ? () => target.now() + shiftMs : Reflect.get(target, name, receiver),
});

const port = process.env["FAULT_PROCESS_PORT"];
if (port !== undefined) await obey(Number(port));

/** Follows the box's orders for as long as both live; the first has come before any module of the service is loaded. */
async function obey(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const orders = createInterface(socket).on("line", (line) => carryOut(line, socket));
  const signal = AbortSignal.timeout(FIRST_ORDER_TIMEOUT_MS);
  await once(orders, "line", { signal }).catch(() => undefined);
  socket.unref();
}

function carryOut(line: string, socket: Socket): void {
  const { shiftMs: shift, blockMs } = order.parse(JSON.parse(line));
  shiftMs = shift;
  // Nothing of this thread runs meanwhile, and no processor is kept busy.
  if (blockMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  socket.write(`${JSON.stringify({ pid: process.pid, shiftMs, blockMs })}\n`);
}
