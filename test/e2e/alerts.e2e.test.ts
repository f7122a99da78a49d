import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { startWatch, type AlertWatch } from "./alert-watch.ts";
import { bringUp, takeDown } from "./sandbox-client.ts";
import { startLine, taskDone, type WholeLine } from "./whole-line.ts";

const STARTING_TIMEOUT_MS = 240_000;
/** Samplers look every 5 s, and a machine may be busy. */
const SEEN_TIMEOUT_MS = 60_000;

const tools = await findPrometheus();
const running = new AsyncDisposableStack();
let line: WholeLine;
let metricsUrl: string;

beforeAll(async () => {
  line = running.use(
    await startLine({
      rail: "arc",
      treasuries: 2,
      settings: {
        HEARTBEAT_PLATFORM: "ourselves",
        HEARTBEAT_WORKER: "our-wallet",
        HEARTBEAT_EVERY_SECONDS: "10",
        HEARTBEAT_DAILY_AMOUNT: "10000",
      },
      async beforeStart({ pool, treasuries }) {
        const walletAddress = treasuries[0]?.address.toLowerCase() ?? "";
        await insertPlatform(pool, { id: "ourselves", taskSource: "event", walletAddress });
        await insertWorker(pool, { id: "our-wallet" });
      },
    }),
  );
  const { port } = await line.service.log.next(
    "the port of its metrics",
    ({ msg }) => msg === "metrics are served",
  );
  metricsUrl = `http://127.0.0.1:${String(port)}/metrics`;
}, STARTING_TIMEOUT_MS);

afterAll(() => running.disposeAsync());

test("the service pays itself through the whole line, and shows when that last came through", async () => {
  const beganAt = Date.now() / 1_000;
  const lastSuccess = async () => {
    const text = await (await fetch(metricsUrl)).text();
    const line = /^payments_heartbeat_last_success_timestamp_seconds (\S+)$/m.exec(text);
    return Number(line?.[1]);
  };
  await expect.poll(lastSuccess, { timeout: SEEN_TIMEOUT_MS }).toBeGreaterThan(beganAt);
  const { outcomes } = line.downstream;
  const beat = await outcomes.next("a beat's", ({ platformId }) => platformId === "ourselves");
  expect(beat).toMatchObject({ kind: "completed", workerId: "our-wallet" });
});

describe.skipIf(tools === undefined)(
  `alerts${tools === undefined ? ` (${NO_PROMETHEUS})` : ""}`,
  () => {
    let watch: AlertWatch;

    beforeAll(async () => {
      watch = running.use(await startWatch(tools as NonNullable<typeof tools>, metricsUrl));
    });

    test("while the chain is down the page for stuck payments reaches Alertmanager, and ends when they are paid", async () => {
      const { platforms, downstream, openPlatform, hire } = line;
      const { treasuries } = line.world;
      const wallet = treasuries[1]?.address ?? "0x";
      await openPlatform({ id: "punctual", taskSource: "event", wallet });
      await hire("ann");
      await platforms.publish(
        taskDone({ platformId: "punctual", taskId: "in-time", workerId: "ann" }),
      );
      expect(await downstream.outcomeOf("in-time")).toMatchObject({ kind: "completed" });
      await expect.poll(watch.isScraped, { timeout: SEEN_TIMEOUT_MS }).toBe(true);
      expect(await watch.alerts()).toEqual([]);

      await takeDown("chain");
      try {
        await platforms.publish(
          taskDone({ platformId: "punctual", taskId: "stuck", workerId: "ann" }),
        );
        await expect.poll(watch.alerts, { timeout: SEEN_TIMEOUT_MS }).toMatchObject([
          {
            labels: {
              alertname: "PaymentsStuck",
              job: "gigstream-payments",
              state: "planned",
              severity: "page",
            },
            annotations: {
              runbook_url: "docs/runbook.md#paymentsstuck",
              description: expect.stringMatching(
                /^The oldest payment that is planned has been open for \d/,
              ),
            },
            receivers: [{ name: "pages" }],
          },
        ]);
      } finally {
        await bringUp("chain");
      }
      expect(await downstream.outcomeOf("stuck")).toMatchObject({ kind: "completed" });
      await expect.poll(watch.alerts, { timeout: SEEN_TIMEOUT_MS }).toEqual([]);
    });
  },
);
