import { describe, expect, test } from "vitest";
import { refusalCause } from "../../src/payment/refusal.ts";

const because = (text: string) => ({ text, raw: "0x" });

describe("why a token refused", () => {
  test.each([
    ["Blocked address", { recipientBlocked: true, payerBlocked: false }, "recipient_blocked"],
    ["Blocked address", { recipientBlocked: true, payerBlocked: true }, "recipient_blocked"],
    ["Blocked address", { recipientBlocked: false, payerBlocked: true }, "payer_blocked"],
    ["Blocked address", { recipientBlocked: false, payerBlocked: false }, "unknown"],
    ["Blacklistable: account is blacklisted", { recipientBlocked: true }, "recipient_blocked"],
  ] as const)("%s, and the token says %o: %s", (text, answers, cause) => {
    expect(refusalCause(because(text), 100n, answers)).toBe(cause);
  });

  test("a token that does not answer whom it blocks never fails a worker", () => {
    expect(refusalCause(because("Blocked address"), 100n, {})).toBe("unknown");
  });

  test.each([
    ["anything at all", 99n, "funds"],
    ["anything at all", 100n, "unknown"],
    ["Insufficient funds", 1000n, "unknown"],
  ] as const)(
    "%s with %d of 100 available is %s: the funds decide, not the words",
    (text, available, cause) => {
      expect(refusalCause(because(text), 100n, { available })).toBe(cause);
    },
  );

  test.each([
    "Insufficient funds",
    "ERC20: transfer amount exceeds balance",
    "ERC20: transfer amount exceeds allowance",
    "0xfb8f41b2000000000000000000000000",
    "0xe450d38c000000000000000000000000",
  ])("without an answer, %s is believed to be about funds", (text) => {
    expect(refusalCause(because(text), 100n, {})).toBe("funds");
  });
});
