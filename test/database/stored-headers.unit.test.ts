import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  restoreHeaders,
  storeHeaders,
  type StoredHeaders,
} from "../../src/database/stored-headers.ts";

const value = fc.oneof(
  fc.string().map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const name = fc.string().map((text) => text.replaceAll("\u0000", ""));

test("every header comes back byte for byte through JSON, and text is readable in between", () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.array(value)), (headers) => {
      const stored = JSON.stringify(storeHeaders(headers));
      expect(stored).not.toContain("\\u0000");
      const restored = restoreHeaders(JSON.parse(stored) as StoredHeaders);
      const lists = Object.entries(restored).map(([key, each]) => [key, [each].flat()]);
      expect(lists).toEqual(Object.entries(headers));
    }),
  );
  expect(storeHeaders({ "event-id": [Buffer.from("e1")] })).toEqual({ "event-id": "e1" });
});
