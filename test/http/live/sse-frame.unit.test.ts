import { createParser, type EventSourceMessage } from "eventsource-parser";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { frameOf } from "../../../src/http/live/sse-frame.ts";

function parsed(...frames: readonly Buffer[]) {
  const events: EventSourceMessage[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onRetry: (ms) => retries.push(ms),
    onError: (error) => expect.fail(error.message),
  });
  parser.feed(Buffer.concat(frames).toString());
  return { events, retries };
}

const text = fc.string({ unit: "binary" });
const line = text.filter((each) => !/[\r\n\0]/.test(each) && each !== "");

test("whatever is said arrives as it was said, line breaks included", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id: line, event: line, data: text })), (told) => {
      const { events } = parsed(...told.map(frameOf));
      expect(events).toEqual(
        told.map(({ data, ...rest }) => ({ ...rest, data: data.replaceAll(/\r\n?/g, "\n") })),
      );
    }),
  );
});

test("no field begins another one, whatever stands in it", () => {
  fc.assert(
    fc.property(text, text, text, (comment, id, event) => {
      const hostile = frameOf({ comment: `${comment}\ndata: x`, id, event: `${event}\r\nid: 9` });
      expect(hostile.toString().match(/^data:/gm)).toBeNull();
      expect(hostile.toString().match(/^id:/gm)).toHaveLength(1);
    }),
  );
});

test("a block without data is no event", () => {
  const { events, retries } = parsed(
    frameOf({ comment: "beat", id: "1f0c22ab-1" }),
    frameOf({ retryMs: 1_500 }),
    frameOf({ id: "1f0c22ab-2", event: "payment.failed", data: "{}" }),
  );
  expect(events).toEqual([{ id: "1f0c22ab-2", event: "payment.failed", data: "{}" }]);
  expect(retries).toEqual([1_500]);
});
