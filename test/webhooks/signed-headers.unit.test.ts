import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { newSecret } from "../../src/directory/platform-secret.ts";
import { signedHeaders } from "../../src/webhooks/signed-headers.ts";

const body = JSON.stringify({ type: "test", data: { note: "Grüße" } });

test("each of two secrets verifies by the standard's own library, and no other does", () => {
  const [now, before, other] = [newSecret(), newSecret(), newSecret()];
  const headers = signedHeaders({ id: "m1", body, at: new Date(), secrets: [now, before] });
  for (const secret of [now, before]) {
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  }
  expect(() => new Webhook(other).verify(body, headers)).toThrow("No matching signature");
  expect(() => new Webhook(now).verify(`${body} `, headers)).toThrow("No matching signature");
  const stolen = { ...headers, "webhook-id": "m2" };
  expect(() => new Webhook(now).verify(body, stolen)).toThrow("No matching signature");
});

test("a later try has the same id, its own time and its own signature", () => {
  const secrets = [newSecret()];
  const one = signedHeaders({ id: "m1", body, at: new Date("2026-03-01T12:00:00.900Z"), secrets });
  const two = signedHeaders({ id: "m1", body, at: new Date("2026-03-01T12:00:05.900Z"), secrets });
  expect(one["webhook-timestamp"]).toBe("1772366400");
  expect(two["webhook-timestamp"]).toBe("1772366405");
  expect(one["webhook-id"]).toBe(two["webhook-id"]);
  expect(one["webhook-signature"]).not.toBe(two["webhook-signature"]);
});
