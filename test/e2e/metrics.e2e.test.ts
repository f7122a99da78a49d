import { afterAll, beforeAll, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { runPromtool } from "../../sandbox/prometheus/promtool.ts";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { SAMPLERS } from "../../src/metrics/catalogue/labels.ts";
import { createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import { subscribe } from "../support/subscribe.ts";
import { apiUrlOf } from "./api-client.ts";
import type { RunningService } from "./running-service.ts";

const PAYMENTS = 30;
const WAIT = { timeout: 60_000, interval: 500 };

const tools = await findPrometheus();
const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let service: RunningService;

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "circle" }, async (world) => {
    service = world.run("first");
    await service.ready;
    const endpoint = `${await apiUrlOf(service)}/v1/webhooks/circle`;
    // It joins its group before the API is there.
    const looked = async () => (await fetch(endpoint, { method: "HEAD" })).status;
    await vi.waitFor(async () => expect(await looked()).toBe(200), WAIT);
    running.use(await subscribe(world.parts.circle, endpoint));
  });
  running.use(audited);
  await audited.traffic.publish(PAYMENTS, PAYMENTS);
  await audited.untilEnded(PAYMENTS);
});

afterAll(() => running.disposeAsync());

async function scrape(): Promise<string> {
  const { port } = await service.log.next("its port", ({ msg }) => msg === "metrics are served");
  return (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
}

const linesOf = (text: string) => text.split("\n").filter((line) => line && !line.startsWith("#"));

/** The sum over a metric's series whose labels hold all of these. */
function sumOf(text: string, name: string, ...labels: readonly string[]): number {
  const fits = (line: string) =>
    /^[a-z_]+/.exec(line)?.[0] === name && labels.every((label) => line.includes(label));
  return linesOf(text)
    .filter(fits)
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test("the catalogue is what a running service shows, in far fewer series than a scrape can bear", async () => {
  const text = await scrape();
  const missing = Object.values(catalogue).filter(({ name }) => !text.includes(`# TYPE ${name} `));
  expect(missing).toEqual([]);
  expect(linesOf(text).length).toBeLessThan(3_000);
});

test.skipIf(tools === undefined)(
  `Prometheus finds nothing to blame${tools === undefined ? ` (${NO_PROMETHEUS})` : ""}`,
  async () => {
    const found = tools as NonNullable<typeof tools>;
    expect(await runPromtool(found, ["check", "metrics"], await scrape())).toBe("");
  },
);

test("what is gathered beside the line is there, from each sampler", async () => {
  const success = "payments_sampler_last_success_timestamp_seconds";
  const sampled = async () => {
    const text = await scrape();
    return SAMPLERS.filter((sampler) => sumOf(text, success, `"${sampler}"`) > 0);
  };
  await expect.poll(sampled, WAIT).toEqual(SAMPLERS);
  await expect
    .poll(async () => sumOf(await scrape(), "payments_chain_followed_block"), WAIT)
    .toBeGreaterThan(0);
  const text = await scrape();
  expect(sumOf(text, "payments_chain_head_block")).toBeGreaterThan(0);
  expect(sumOf(text, "payments_chain_head_timestamp_seconds")).toBeGreaterThan(0);
  expect(sumOf(text, "payments_operator_gas_balance")).toBeGreaterThan(0.5);
  expect(sumOf(text, "payments_database_connections", "idle")).toBeGreaterThan(0);
  expect(sumOf(text, "payments_kafka_last_fetch_timestamp_seconds")).toBeGreaterThan(0);
  expect(sumOf(text, "payments_kafka_rebalances_total")).toBeGreaterThan(0);
  // All is done and nothing is behind.
  for (const name of ["payments_open", "payments_held", "payments_kafka_lag_records"]) {
    await expect.poll(async () => sumOf(await scrape(), name), WAIT).toBe(0);
  }
  // What was paid is seen once no transaction under way could hide more of it.
  const demand = async () => sumOf(await scrape(), "payments_payer_hourly_demand", "currency=");
  await expect.poll(demand, WAIT).toBeGreaterThan(0);
  await expect
    .poll(async () => sumOf(await scrape(), "payments_payer_funds"), WAIT)
    .toBeGreaterThan(0);
});

test("calls to each part, turns within Circle's limits, leases and the build are shown", async () => {
  const text = await scrape();
  const calls = "payments_dependency_request_duration_seconds_count";
  const paid = sumOf(text, calls, "circle", "createContractExecutionTransaction", "ok");
  expect(paid).toBeGreaterThan(0);
  for (const dependency of ["chain", "registry", "kafka"]) {
    expect(sumOf(text, calls, dependency, "ok")).toBeGreaterThan(0);
  }
  expect(sumOf(text, "payments_circle_limiter_wait_seconds_count", "post")).toBeGreaterThan(0);
  expect(sumOf(text, "payments_lease_held", "relay")).toBe(1);
  expect(sumOf(text, "payments_lease_held")).toBe(3);
  const { version } = packageJson;
  const build = ["circle", version, process.version, 'commit="'];
  expect(sumOf(text, "payments_build_info", ...build)).toBe(1);
});

test("Circle's notifications of real payments are accepted, none is refused, and Circle is asked for their key once", async () => {
  const said = "payments_circle_notifications_total";
  await expect
    .poll(async () => sumOf(await scrape(), said, "accepted"), WAIT)
    .toBeGreaterThanOrEqual(5);
  const text = await scrape();
  expect(sumOf(text, said, "test")).toBe(1);
  expect(sumOf(text, said, "forged") + sumOf(text, said, "unknown_key")).toBe(0);
  expect(sumOf(text, "payments_circle_hints_total")).toBeGreaterThan(0);
  const calls = "payments_dependency_request_duration_seconds_count";
  expect(sumOf(text, calls, "getNotificationSignature", "ok")).toBe(1);
  const asked = sumOf(text, "payments_http_requests_total", "/v1/webhooks/circle", "2xx");
  expect(asked).toBeGreaterThanOrEqual(6);
});
