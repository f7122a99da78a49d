/** A platform is told by webhook of a payment on the real line, over a kill of whoever tells it. */
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { answering, silent, startReceiver, type Receiver } from "../webhooks/receiver.ts";
import { apiUrlOf, connectApi, type ApiClient } from "./api-client.ts";
import { startLine, type WholeLine } from "./whole-line.ts";

const WAIT = { timeout: 60_000, interval: 200 };

const running = new AsyncDisposableStack();
let line: WholeLine;
let receiver: Receiver;

beforeAll(async () => {
  receiver = running.use(await startReceiver(silent));
  // Its lease is five seconds longer: so long the other instance waits for the one that was killed.
  const settings = { WEBHOOK_ALLOWED_CIDRS: "127.0.0.0/8", WEBHOOK_TIMEOUT_MS: "2000" };
  line = running.use(await startLine({ rail: "arc", settings }));
  await line.openPlatform({ id: "acme", taskSource: "event" });
  await line.hire("amy");
});

afterAll(() => running.disposeAsync());

const connect = async (service: WholeLine["service"], name: string): Promise<ApiClient> =>
  connectApi(line.world, await apiUrlOf(service), {
    name,
    scopes: "payments:write,webhooks:manage",
    platform: "acme",
  });

test("a platform's receiver is told of a payment, once more by another instance when the first dies in the middle", async () => {
  const platform = await connect(line.service, "acme");
  const { status, body: endpoint } = await platform.call("POST", "/v1/webhook-endpoints", {
    url: receiver.url,
    eventTypes: ["payment.completed"],
  });
  expect(status).toBe(201);
  const paid = await platform.call(
    "POST",
    "/v1/payments",
    { platformId: "acme", taskId: "t1", workerId: "amy", amount: "50", currency: "USDC" },
    { prefer: "wait=10" },
  );
  expect(paid.body).toMatchObject({ state: "completed" });

  const first = await receiver.received.next("the first try", () => true);
  await line.service.kill();
  receiver.answer = answering(204);
  const second = line.world.run("second");
  await second.ready;
  await receiver.received.until("another try", ({ length }) => length > 1);

  const last = receiver.received.items.at(-1);
  for (const { headers, body } of [first, last ?? first]) {
    expect(headers["webhook-id"]).toBe(first.headers["webhook-id"]);
    const webhook = new Webhook(String(endpoint["secret"]));
    expect(webhook.verify(body, headers as Record<string, string>)).toMatchObject({
      type: "payment.completed",
      data: {
        eventId: first.headers["webhook-id"],
        paymentId: paid.body["id"],
        amount: "50.000000",
        netAmount: "48.750000",
        txHash: paid.body["txHash"],
      },
    });
  }
  const again = await connect(second, "acme-again");
  await vi.waitFor(async () => {
    const { body } = await again.call("GET", "/v1/webhook-deliveries?status=delivered");
    expect(body["data"]).toMatchObject([
      { endpointId: endpoint["id"], eventType: "payment.completed", lastStatusCode: 204 },
    ]);
  }, WAIT);
});
