import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  bulkIdOf,
  derivedEventId,
  derivedIdempotencyKey,
  eventIdOf,
  isOpaqueId,
  paymentIdOf,
  transferKeyOf,
} from "../../src/payment/ids.ts";

const PAYMENT = "7f56d850-012a-4e87-91f1-62152b627bcc";

// Written down, not computed: what another version, or the one before a restored backup, made of the same thing is the same id.
test.each([
  ["a task's payment", paymentIdOf("acme", "task-1"), PAYMENT],
  ["its completion", eventIdOf(PAYMENT, 1, "completed"), "fbab67aa-09a7-49b5-afd5-c987fc61b6ff"],
  ["its failure", eventIdOf(PAYMENT, 1, "failed"), "d54d7aa0-d6bd-4d5e-ad3e-88059974d8e5"],
  [
    "its next generation's completion",
    eventIdOf(PAYMENT, 2, "completed"),
    "e9abd6f8-3f89-4cce-bd2f-b5e1ec87bad7",
  ],
  ["a plain transfer", transferKeyOf(PAYMENT, 1, 1), "96231626-ccad-4438-8513-bd52d6f47e3d"],
  [
    "GigStream's own key",
    derivedIdempotencyKey("task-1", "worker-1"),
    "6be52ac501824c78eda00b4669ecd070851b5a4206d09171170987a4dff15bed",
  ],
  ["a request", derivedEventId("acme", "key-1"), "97fa7d01-7913-4ff2-aabd-300298e21c0e"],
  ["a bulk", bulkIdOf(["a", "b"]), "a7910489-8fff-4d22-a3b9-cbeb7cfdbdb6"],
])("%s has the id that it has always had", (_what, id, always) => {
  expect(id).toBe(always);
});

test("two tasks share a payment's id only where platform and task are the same, wherever one name ends", () => {
  const name = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom("a", "b", ":") });
  fc.assert(
    fc.property(name, name, name, name, (platform, task, otherPlatform, otherTask) => {
      const isSame = platform === otherPlatform && task === otherTask;
      const ids = [paymentIdOf(platform, task), paymentIdOf(otherPlatform, otherTask)];
      expect(ids[0] === ids[1]).toBe(isSame);
    }),
    { numRuns: 2_000 },
  );
});

test("an id from outside is 1 to 128 visible ASCII characters", () => {
  const visible = fc.string({
    minLength: 1,
    maxLength: 128,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(fc.property(visible, (text) => isOpaqueId(text)));
  const refused = ["", " ", "a b", "a\n", "\u0000", "\u007f", "é", "a".repeat(129)];
  expect(refused.filter(isOpaqueId)).toEqual([]);
});
