import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { gigpayHere } from "../support/gigpay-here.ts";

/** What bash offers after these words, the last of which is not complete. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await gigpayHere(["completion"], {});
  const typed = ["gigpay", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `${script}
    COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _gigpay; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", ask], { encoding: "utf8" }).trim().split("\n");
}

test("bash completes commands, what is under them, and their options", async () => {
  expect(await offered("re")).toEqual(expect.arrayContaining(["retry", "review", "restored"]));
  expect(await offered("dead-letters", "")).toEqual(
    expect.arrayContaining(["list", "show", "replay", "discard"]),
  );
  expect(await offered("--json", "dead-letters", "replay", "--d")).toEqual(["--dry-run"]);
  expect(await offered("pay", "--json", "--pl")).toEqual(["--platform"]);
});
