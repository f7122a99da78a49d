import { createPublicKey, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createNotificationInbox } from "../../src/circle/notification-inbox.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { allOf, shownOf } from "../metrics/read-metric.ts";
import { newSigner, notificationOf } from "./circle-signer.ts";

const circle = newSigner();

function inbox() {
  const metrics = createMetrics({ sloMs: 3_000 });
  const key = createPublicKey({
    key: Buffer.from(circle.publicKey, "base64"),
    format: "der",
    type: "spki",
  });
  let hints = 0;
  const real = createNotificationInbox({
    keys: { find: async (keyId) => (keyId === circle.keyId ? key : undefined) },
    metrics,
    onHint: () => void (hints += 1),
  });
  return {
    metrics,
    hints: () => hints,
    receive: (bytes: Buffer, signature = circle.sign(bytes), keyId = circle.keyId) =>
      real.receive({ bytes, signature, keyId, sender: "one" }),
  };
}

test.each(["SENT", "STUCK", "COMPLETE", "FAILED", "DENIED", "CANCELLED", "NEVER_SEEN"])(
  "%s has Circle asked at once",
  async (state) => {
    const { receive, hints } = inbox();
    expect(await receive(notificationOf(state))).toBe("accepted");
    expect(hints()).toBe(1);
  },
);

test.each([
  ["a transaction that Circle has not sent yet", notificationOf("QUEUED")],
  [
    "what is about no transaction",
    notificationOf("COMPLETE", { notificationType: "contracts.eventLog" }),
  ],
  ["what cannot be read, though Circle signed it", Buffer.from("{")],
  ["what has no id", Buffer.from("{}")],
])("%s is taken and hastens nothing", async (_, bytes) => {
  const { receive, hints } = inbox();
  expect(await receive(bytes)).toBe("accepted");
  expect(hints()).toBe(0);
});

test("a repeat is taken and hastens nothing, however late or out of order it comes", async () => {
  const { receive, hints, metrics } = inbox();
  const sent = notificationOf("SENT");
  const complete = notificationOf("COMPLETE");
  expect(await receive(complete)).toBe("accepted");
  expect(await receive(sent)).toBe("accepted");
  for (const again of [sent, complete, sent]) expect(await receive(again)).toBe("duplicate");
  expect(hints()).toBe(2);
  expect(await shownOf(metrics, "payments_circle_hints_total")).toBe(2);
});

test("test notifications, whose ids are all the same, are no repeats of one another", async () => {
  const { receive, hints } = inbox();
  const test = notificationOf("", {
    notificationType: "webhooks.test",
    notificationId: "00000000-0000-0000-0000-000000000000",
    notification: { hello: "world" },
  });
  expect([await receive(test), await receive(test)]).toEqual(["test", "test"]);
  expect(hints()).toBe(0);
});

test("a body that differs from what was signed in any of its bytes is refused", async () => {
  const { receive, hints } = inbox();
  const bytes = notificationOf("FAILED");
  const signature = circle.sign(bytes);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await receive(changed, signature), `byte ${at}`).toBe("forged");
  }
  expect(await receive(Buffer.concat([bytes, Buffer.from(" ")]), signature)).toBe("forged");
  expect(await receive(bytes.subarray(0, -1), signature)).toBe("forged");
  expect(hints()).toBe(0);
  expect(await receive(bytes, signature)).toBe("accepted");
});

test("the same content in another order of its members is another body", async () => {
  const bytes = notificationOf("FAILED");
  const members = Object.entries(JSON.parse(bytes.toString()) as object).toReversed();
  const reordered = Buffer.from(JSON.stringify(Object.fromEntries(members)));
  expect(await inbox().receive(reordered, circle.sign(bytes))).toBe("forged");
});

test("another's signature, another notification's, none and nonsense are refused, each counted", async () => {
  const { receive, metrics, hints } = inbox();
  const bytes = notificationOf("FAILED");
  const stranger = newSigner(circle.keyId);
  const own = circle.sign(bytes);
  const signatures = [
    stranger.sign(bytes),
    circle.sign(notificationOf("FAILED")),
    "",
    "AAAA",
    "not base64 at all %%%",
    own.slice(0, -8),
    Buffer.from(Buffer.from(own, "base64").toReversed()).toString("base64"),
  ];
  for (const signature of signatures) expect(await receive(bytes, signature)).toBe("forged");
  expect(await receive(bytes, own, randomUUID())).toBe("unknown_key");
  expect(hints()).toBe(0);
  expect(await allOf(metrics, "payments_circle_notifications_total")).toMatchObject({
    '{outcome="forged"}': signatures.length,
    '{outcome="unknown_key"}': 1,
    '{outcome="accepted"}': 0,
  });
});
