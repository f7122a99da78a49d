import { expect, test } from "vitest";
import { careFor, type ArcTicket, type Memory } from "../../src/arc/pending-sends.ts";

const GWEI = 1_000_000_000n;
const ticket: ArcTicket = {
  rail: "arc",
  nonce: 7n,
  maxFeePerGas: 41n * GWEI,
  raw: "0x",
  hashes: ["0x1"],
};
const taken = (): Memory => ({ sendId: "s", ticket, isTaken: true, needsBump: false });
const chainAt = (blockNumber: bigint, changed = {}) => ({
  blockNumber,
  baseFeePerGas: 20n * GWEI,
  gasLimit: 30_000_000n,
  count: 7n,
  ...changed,
});

/** The care given at each of these blocks, without anything else happening. */
function cares(memory: Memory, blocks: readonly number[], changed = {}, of = ticket): string[] {
  return blocks.map((block) => careFor(of, memory, chainAt(BigInt(block), changed)));
}

test("a send that this lane never gave to a node goes at once", () => {
  expect(careFor(ticket, undefined, chainAt(1n))).toBe("rebroadcast");
});

test("a send is left alone while it is young, however long the chain stands still", () => {
  expect(cares(taken(), [10, 11, 13, 13, 13, 13])).toEqual(Array(6).fill("leave"));
});

test("it is given to the node again after two seconds of blocks, and replaced after four", () => {
  expect(cares(taken(), [10, 14, 17, 18])).toEqual(["leave", "rebroadcast", "rebroadcast", "bump"]);
});

test("one that waits for a lower nonce is never replaced for that", () => {
  expect(cares(taken(), [10, 40, 400], { count: 6n })).toEqual([
    "leave",
    "rebroadcast",
    "rebroadcast",
  ]);
});

test("patience doubles with every replacement, so that an idle chain does not drive fees up", () => {
  const replaced = { ...ticket, hashes: ["0x1", "0x2", "0x3"] as const };
  expect(cares(taken(), [10, 41, 42], {}, replaced)).toEqual(["leave", "rebroadcast", "bump"]);
});

test("without gas in the wallet nothing is replaced: a higher fee would only ask for more of it", () => {
  const refused = { ...taken(), isTaken: false };
  expect(cares(refused, [10, 1_000])).toEqual(["leave", "rebroadcast"]);
});

test("what cannot pay the base fee, or a node wants dearer, is replaced at once", () => {
  expect(cares(taken(), [10], { baseFeePerGas: 42n * GWEI })).toEqual(["bump"]);
  expect(cares({ ...taken(), needsBump: true }, [10])).toEqual(["bump"]);
});
