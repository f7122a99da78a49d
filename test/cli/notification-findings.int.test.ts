import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCircle, type CircleEmulator } from "../../sandbox/circle/start-circle.ts";
import { notificationFindings } from "../../src/cli/notification-findings.ts";
import type { Config } from "../../src/config.ts";
import { sdkOf } from "../sandbox/circle/circle-world.ts";

/** Subscriptions are kept without the chain, so none is there. */
const CHAIN = { rpcUrl: "http://127.0.0.1:1", chainId: 5042002 };
const PATH = "/v1/webhooks/circle";

const ended = new AsyncDisposableStack();
let circle: CircleEmulator;
/** Where somebody answers Circle's question. */
let address: string;

beforeAll(async () => {
  circle = ended.use(await startCircle(CHAIN));
  const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  ended.defer(() => void server.close());
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => ended.disposeAsync());

function look(publicUrl: string | null, rail: "circle" | "arc" = "circle") {
  const { apiKey, entitySecret, baseUrl } = circle;
  const settings = {
    rail,
    CIRCLE_API_KEY: apiKey,
    CIRCLE_ENTITY_SECRET: entitySecret,
    CIRCLE_BASE_URL: baseUrl,
  };
  return notificationFindings({
    railSettings: settings,
    PUBLIC_URL: publicUrl,
  } as unknown as Config);
}

test("doctor says whether Circle's notifications come to this service, and nothing on the arc rail", async () => {
  expect(await look(address)).toMatchObject([{ verdict: "open" }]);
  expect(await look(null)).toMatchObject([{ verdict: "open" }]);
  const sdk = sdkOf(circle);
  const { data } = await sdk.createSubscription({ endpoint: address + PATH });
  expect(await look(address)).toMatchObject([
    { verdict: "fine", detail: `go to ${address}${PATH}` },
  ]);
  expect(await look(null)).toMatchObject([{ verdict: "fine" }]);
  expect(await look("https://pay.example.org")).toMatchObject([{ verdict: "open" }]);
  await sdk.updateSubscription({ id: data?.id ?? "", name: "off", enabled: false });
  expect(await look(address)).toMatchObject([{ verdict: "open" }]);
  expect(await look(address, "arc")).toEqual([]);
});
