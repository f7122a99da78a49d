import { once } from "node:events";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createEventStream } from "../../../src/http/live/event-stream.ts";

const FAREWELL = Buffer.from("bye");

test("never more waits than the bound, and what was taken arrives whole and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant("read" as const))),
      async (steps) => {
        const stream = createEventStream({ bufferMaxBytes: 1_000 });
        const { readable } = stream;
        const taken: Buffer[] = [];
        const read: Buffer[] = [];
        const drain = () => {
          for (
            let part = readable.read() as Buffer | null;
            part;
            part = readable.read() as Buffer | null
          )
            read.push(part);
        };
        for (const [index, step] of steps.entries()) {
          if (step === "read") drain();
          else {
            const bytes = Buffer.alloc(step, index % 256);
            const waiting = readable.readableLength;
            const isTaken = stream.send(bytes);
            expect(isTaken).toBe(waiting === 0 || waiting + step <= 1_000);
            if (isTaken) taken.push(bytes);
          }
          expect(readable.readableLength).toBeLessThanOrEqual(1_000);
        }
        stream.end(FAREWELL);
        const over = once(readable, "end");
        drain();
        readable.resume();
        await over;
        expect(Buffer.concat(read).equals(Buffer.concat([...taken, FAREWELL]))).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test("whoever reads nothing does not move, and is cut off when even the farewell is not read", async () => {
  vi.useFakeTimers();
  try {
    const stream = createEventStream({ farewellTimeoutMs: 5_000 });
    stream.send(Buffer.from("x"));
    expect(stream.moves(), "asked for the first time").toBe(true);
    expect(stream.moves()).toBe(false);
    stream.end(FAREWELL);
    expect(stream.send(Buffer.from("y")), "after the end").toBe(false);
    const closed = once(stream.readable, "close");
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    expect(stream.readable.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test("whoever waits for room is let go when the client leaves", async () => {
  const stream = createEventStream();
  stream.send(Buffer.alloc(100_000));
  const waiting = stream.roomy();
  stream.readable.destroy();
  await waiting;
  await stream.roomy();
});
