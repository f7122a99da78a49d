import { createPublicKey, randomUUID, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  eventually,
  inside,
  refusal,
  shown,
  startCircleWorld,
  transfer,
  type CircleWorld,
} from "./circle-world.ts";

interface Notification {
  readonly notificationId: string;
  readonly notificationType: string;
  readonly notification: {
    readonly id?: string;
    readonly state?: string;
    readonly txHash?: string;
  };
}

interface Received {
  readonly raw: Buffer;
  readonly body: Notification;
  readonly signature: string;
  readonly keyId: string;
}

let world: CircleWorld;
let receiver: Server;
let endpoint: string;
const received: Received[] = [];
/** Statuses to answer the next POSTs with; 200 once they are used up. */
const answers: number[] = [];
let headStatus = 200;

beforeAll(async () => {
  world = await startCircleWorld();
  receiver = createServer((request, response) => {
    if (request.method === "HEAD") return response.writeHead(headStatus).end();
    void keep(request).then(() => response.writeHead(answers.shift() ?? 200).end());
    return undefined;
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
beforeEach(async () => {
  await world.control.configure({ webhooks: { retryDelaysMs: [20, 20, 20] } });
  for (const { id } of (await world.sdk.listSubscriptions()).data ?? []) {
    await world.sdk.deleteSubscription(id);
  }
  received.length = 0;
  answers.length = 0;
  headStatus = 200;
});
afterEach(() => world.control.reset());
afterAll(async () => {
  receiver.close();
  await world[Symbol.asyncDispose]();
});

async function keep(request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  received.push({
    raw,
    body: JSON.parse(raw.toString()) as Notification,
    signature: String(request.headers["x-circle-signature"]),
    keyId: String(request.headers["x-circle-key-id"]),
  });
}

async function isGenuine({ raw, signature, keyId }: Received): Promise<boolean> {
  const answer = await world.sdk.getNotificationSignature(keyId);
  const { publicKey = "", algorithm } = answer.data ?? {};
  expect(algorithm).toBe("ECDSA_SHA_256");
  const key = createPublicKey({
    key: Buffer.from(publicKey, "base64"),
    format: "der",
    type: "spki",
  });
  expect(key.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  return verify("sha256", raw, key, Buffer.from(signature, "base64"));
}

const about = (id: string) => received.filter(({ body }) => body.notification.id === id);
const statesOf = (id: string) => about(id).map(({ body }) => body.notification.state);

/** Subscribes, and waits for the test notification to have come. */
async function subscribe() {
  const { data } = await world.sdk.createSubscription({ endpoint });
  await eventually(async () =>
    received.some(({ body }) => body.notificationType === "webhooks.test"),
  );
  return data?.id ?? "";
}

describe("a subscription", () => {
  it("is probed with HEAD and a signed test notification without ids", async () => {
    await subscribe();
    const [test] = received;
    if (test === undefined) throw new Error("nothing received");
    expect(test.body.notification.id).toBeUndefined();
    expect(test.body.notificationId).toBe("00000000-0000-0000-0000-000000000000");
    expect(await isGenuine(test)).toBe(true);
  });

  it("is refused where HEAD is not answered well", async () => {
    headStatus = 404;
    const error = await refusal(world.sdk.createSubscription({ endpoint }));
    expect(error).toMatchObject({ code: 2 });
    expect((await world.sdk.listSubscriptions()).data).toEqual([]);
  });

  it("is read, renamed, silenced by PATCH and deleted", async () => {
    const id = await subscribe();
    const silenced = await world.sdk.updateSubscription({ id, name: "quiet", enabled: false });
    expect(silenced.data).toMatchObject({ name: "quiet", enabled: false, endpoint });
    expect((await world.sdk.getSubscription(id)).data).toEqual(silenced.data);
    await shown(world, await transfer(world), "COMPLETE");
    expect(received).toHaveLength(1);
    await world.sdk.deleteSubscription(id);
    expect(await refusal(world.sdk.getSubscription(id))).toMatchObject({ status: 404 });
  });
});

describe("a notification", () => {
  it("comes for every state, each with its own id, signed over the very bytes", async () => {
    await subscribe();
    const id = await transfer(world);
    const { txHash } = await shown(world, id, "COMPLETE");
    await eventually(async () => about(id).length === 5);
    expect(new Set(statesOf(id))).toEqual(
      new Set(["INITIATED", "QUEUED", "CLEARED", "SENT", "COMPLETE"]),
    );
    expect(new Set(about(id).map(({ body }) => body.notificationId)).size).toBe(5);
    for (const notification of about(id)) expect(await isGenuine(notification)).toBe(true);
    const last = about(id).find(({ body }) => body.notification.state === "COMPLETE");
    expect(last?.body).toMatchObject({
      notificationType: "transactions.outbound",
      version: 2,
      notification: { txHash },
    });
  });

  it("is repeated under the same id until it is answered with 200, then given up", async () => {
    await subscribe();
    answers.push(500, 201);
    const id = await transfer(world);
    await shown(world, id, "COMPLETE");
    await eventually(async () => about(id).length === 7);
    expect(new Set(about(id).map(({ body }) => body.notificationId)).size).toBe(5);

    answers.push(...Array.from({ length: 20 }, () => 503));
    const unheard = await transfer(world);
    await eventually(async () => (await world.control.stats()).webhooks.abandoned === 5);
    expect((await inside(world, unheard)).state).toBe("COMPLETE");
  });
});

describe("a faulty notification", () => {
  const strike = async (
    mode: "duplicate" | "late" | "drop" | "tamper" | "forge" | "unknownKey",
  ) => {
    await subscribe();
    await world.control.inject({ kind: "webhook", mode, delayMs: 1_500, match: { state: "SENT" } });
    const id = await transfer(world);
    await shown(world, id, "COMPLETE");
    return id;
  };

  it("comes twice under one id", async () => {
    const id = await strike("duplicate");
    await eventually(async () => about(id).length === 6);
    const sent = about(id).filter(({ body }) => body.notification.state === "SENT");
    expect(sent.map(({ body }) => body.notificationId)).toEqual(
      Array(2).fill(sent[0]?.body.notificationId),
    );
  });

  it("comes after a later one", async () => {
    const id = await strike("late");
    await eventually(async () => about(id).length === 5);
    expect(statesOf(id).at(-1)).toBe("SENT");
  });

  it("never comes", async () => {
    const id = await strike("drop");
    await eventually(async () => statesOf(id).includes("COMPLETE"));
    expect(statesOf(id)).not.toContain("SENT");
  });

  it("comes with a body changed after signing", async () => {
    const id = await strike("tamper");
    const changed = await eventually(async () =>
      about(id).find(({ body }) => body.notification.state === "FAILED"),
    );
    expect(await isGenuine(changed)).toBe(false);
  });

  it("comes signed by a stranger, under our key's id or under one nobody knows", async () => {
    const forged = await strike("forge");
    const sent = await eventually(async () =>
      about(forged).find(({ body }) => body.notification.state === "SENT"),
    );
    expect(await isGenuine(sent)).toBe(false);

    const id = await strike("unknownKey");
    const unknown = await eventually(async () =>
      about(id).find(({ body }) => body.notification.state === "SENT"),
    );
    const call = world.sdk.getNotificationSignature(unknown.keyId);
    expect(await refusal(call)).toMatchObject({ status: 404 });
    expect(await refusal(world.sdk.getNotificationSignature(randomUUID()))).toMatchObject({
      status: 404,
    });
  });
});
