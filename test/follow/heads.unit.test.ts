import { afterEach, expect, test, vi } from "vitest";
import { listenToHeads } from "../../src/follow/heads.ts";
import { createScriptedChain } from "./scripted-chain.ts";

afterEach(() => vi.restoreAllMocks());

test("a block counts as heard of at the first head that is its own or a later one", () => {
  const chain = createScriptedChain(1);
  const heads = listenToHeads(chain.reader, new AbortController().signal);
  const now = vi.spyOn(performance, "now");
  const announce = (number: bigint, atMs: number) => {
    now.mockReturnValue(atMs);
    chain.announce(number);
  };
  announce(5n, 100);
  announce(8n, 200);
  announce(8n, 300);
  announce(7n, 400);
  expect([5n, 6n, 7n, 8n].map((number) => heads.heardAtMs(number))).toEqual([100, 200, 200, 200]);
  expect(heads.heardAtMs(3n), "what was mined while nobody listened").toBe(100);
  expect(heads.heardAtMs(9n)).toBeUndefined();
});
