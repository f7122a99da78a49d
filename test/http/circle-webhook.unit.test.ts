import { expect, test } from "vitest";
import type { NotificationInbox } from "../../src/circle/notification-inbox.ts";
import { apiOver } from "./api-fixture.ts";

type Outcome = Awaited<ReturnType<NotificationInbox["receive"]>>;

const PATH = "/v1/webhooks/circle";
const LIMITS = { perSecond: 0.001, burst: 5 };

/** A double of the inbox: what it says of a notification is the unit tests' of test/circle. */
async function apiThatFinds(outcome: Outcome | null) {
  const received: Parameters<NotificationInbox["receive"]>[0][] = [];
  const notifications: NotificationInbox = {
    async receive(sent) {
      received.push(sent);
      return outcome ?? "accepted";
    },
  };
  const app = await apiOver({
    deps: { notifications: outcome === null ? null : notifications },
    limits: LIMITS,
  });
  const post = (payload = '{ "a" : 1 }', headers: Readonly<Record<string, string>> = {}) =>
    app.inject({
      method: "POST",
      url: PATH,
      payload,
      headers: { "content-type": "application/json", ...headers },
    });
  return { app, post, received };
}

test.each(["accepted", "duplicate", "test"] as const)(
  "%s: Circle need not send it again, however many there are",
  async (outcome) => {
    const { post } = await apiThatFinds(outcome);
    for (let n = 0; n < 10; n += 1) expect(await post()).toMatchObject({ statusCode: 200 });
  },
);

test("the body is looked at byte by byte as it came, beside signature and key id", async () => {
  const { post, received } = await apiThatFinds("accepted");
  await post('{ "a":1, "a":2 }\n', { "X-Circle-Signature": "sig", "X-Circle-Key-Id": "key" });
  await post("no JSON");
  expect(received).toEqual([
    {
      bytes: Buffer.from('{ "a":1, "a":2 }\n'),
      signature: "sig",
      keyId: "key",
      sender: "127.0.0.1",
    },
    { bytes: Buffer.from("no JSON"), signature: "", keyId: "", sender: "127.0.0.1" },
  ]);
});

test("where nothing was sent, nothing is what was signed", async () => {
  const { app, received } = await apiThatFinds("accepted");
  expect(await app.inject({ method: "POST", url: PATH })).toMatchObject({ statusCode: 200 });
  expect(received).toEqual([
    { bytes: Buffer.alloc(0), signature: "", keyId: "", sender: "127.0.0.1" },
  ]);
});

test.each(["forged", "unknown_key"] as const)(
  "%s: refused, and slowed down by its address before another key is looked for",
  async (outcome) => {
    const { post, received } = await apiThatFinds(outcome);
    for (let n = 0; n < LIMITS.burst; n += 1) {
      const response = await post();
      expect(response.statusCode).toBe(401);
      expect(response.json()).toMatchObject({ code: "signature_invalid" });
    }
    expect((await post()).json()).toMatchObject({ code: "rate_limited" });
    expect(received).toHaveLength(LIMITS.burst);
  },
);

test("a body that is too large is not read", async () => {
  const { post, received } = await apiThatFinds("accepted");
  expect((await post("x".repeat(131_073))).json()).toMatchObject({ code: "payload_too_large" });
  expect(received).toEqual([]);
});

test("Circle's question before it subscribes is answered, other methods are not", async () => {
  const { app } = await apiThatFinds("accepted");
  expect(await app.inject({ method: "HEAD", url: PATH })).toMatchObject({ statusCode: 200 });
  const got = await app.inject({ method: "GET", url: PATH });
  expect(got).toMatchObject({ statusCode: 405, headers: { allow: "HEAD, POST" } });
});

test("a deployment that does not pay through Circle has no such path", async () => {
  const { app, post } = await apiThatFinds(null);
  expect((await post()).json()).toMatchObject({ status: 404, code: "not_found" });
  expect(await app.inject({ method: "HEAD", url: PATH })).toMatchObject({ statusCode: 404 });
});
