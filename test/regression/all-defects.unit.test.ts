import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/**
 * What GigStream's payment service did wrong, so that it is never done again. Each number is named in the title of a
 * test that would catch it: `grep -rn "GigStream defect 7:" test`.
 */
const DEFECTS: Readonly<Record<number, string>> = {
  1: "made-up provider ids, which the provider was then asked for",
  2: "each attempt a new payment, because no idempotency key reached the provider",
  3: "idempotency in one process's memory, checked before it was set, gone after an hour or a restart",
  4: "failures cached under the key, so that what was mended could not be paid",
  5: "nothing stored before the transfer, so that a crash left no trace and paid again",
  6: "an actor that the audit log refused rolled the books back after the money had moved",
  7: "only a confirmed payment kept a second one of its task from being made",
  8: "a failure changed the task, so that its retry was refused",
  9: "a retry under a fresh key, though the payment might be in flight",
  10: "money in floating point, and the caller's amount paid instead of the task's",
  11: "a payer's wallet that was not there, or that of nobody",
  12: "the platform's task id taken for our own; flagged tasks kept, approved ones not",
  13: "the provider's webhooks not verified, or not there",
  14: "wallets on another chain",
  15: "every kind of good news taken for final, STUCK waited for without end, reasons not read",
  16: "an ABI that was not the contract's, somebody else's allowance checked, reverts not noticed",
  17: "unknown errors retried, and errors told apart by their words",
  18: "amounts paid, wallets and block numbers never written",
};

/** The numbers named by tests that run: comments, skipped and planned tests prove nothing. */
function namedIn(source: string): number[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  const titles = code.matchAll(/(?<!skip|todo)\(\s*["'`]GigStream defect (\d+): \S/g);
  return [...titles].map(([, number]) => Number(number));
}

test("each of GigStream's 18 defects is named by a test that would catch it", () => {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const files = globSync("test/**/*.{unit,int,e2e}.test.ts", { cwd });
  const named = new Set(files.flatMap((file) => namedIn(readFileSync(cwd + file, "utf8"))));
  expect([...named].toSorted((a, b) => a - b)).toEqual(Object.keys(DEFECTS).map(Number));
});

test("a defect counts as named only by a test that runs", () => {
  const title = ['"GigStream', "defect 3: x"].join(" ");
  expect(namedIn(`test(${title}", () => {});`)).toEqual([3]);
  expect(namedIn(`test.each([1])(\n  ${title}",\n  () => {},\n);`)).toEqual([3]);
  expect(namedIn(`// test(${title}", () => {});`)).toEqual([]);
  expect(namedIn(`test.skip(${title}", () => {});`)).toEqual([]);
  expect(namedIn(`test.todo(\n  ${title}");`)).toEqual([]);
});
