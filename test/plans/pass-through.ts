import { expect } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { recheckDue } from "../../src/acceptance/recheck.ts";
import type { Database } from "../../src/database/pool.ts";
import { transact } from "../../src/database/transact.ts";
import { raiseDoubt } from "../../src/dispatch/raise-doubt.ts";
import { readOpenSends } from "../../src/follow/open-sends.ts";
import { readBeats } from "../../src/heartbeat/read-beats.ts";
import { forgetEvents } from "../../src/live/forget-events.ts";
import { readPlace } from "../../src/live/live-place.ts";
import { numberOutcomes } from "../../src/live/number-outcomes.ts";
import { readHints } from "../../src/live/read-hints.ts";
import { readOutcomes } from "../../src/live/read-outcomes.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { prune } from "../../src/pruning/prune.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { listAudit } from "../../src/queries/list-audit.ts";
import { listDeadLetters } from "../../src/queries/list-dead-letters.ts";
import { listPayments } from "../../src/queries/list-payments.ts";
import { listReviews } from "../../src/queries/list-reviews.ts";
import { readStatus } from "../../src/queries/read-status.ts";
import { listWebhookDeliveries } from "../../src/queries/webhook-deliveries.ts";
import { workerStats } from "../../src/queries/worker-stats.ts";
import { relayOnce } from "../../src/relay/run-relay.ts";
import { findUnadopted } from "../../src/restore/adopt-announced.ts";
import { findPostponed } from "../../src/restore/postponed.ts";
import { createDatabaseSampler } from "../../src/sampling/sample-database.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { createAnnouncedPaidSweep } from "../../src/settlement/sweep-announced-paid.ts";
import { createStoredSweep } from "../../src/settlement/sweep-stored.ts";
import { verifyNew } from "../../src/settlement/verify-new.ts";
import { createWake } from "../../src/wake.ts";
import { claimDue, readDue } from "../../src/webhooks/claim-due.ts";
import { fanOut } from "../../src/webhooks/fan-out.ts";
import { tidyUp } from "../../src/webhooks/tidy-up.ts";
import { startLane, worldOn } from "../dispatch/dispatch-world.ts";
import { scriptedLane } from "../dispatch/scripted-lane.ts";
import { instance, itemsOf, type World } from "../settlement/settle-world.ts";
import { sourceOf } from "../settlement/settled-world.ts";
import { fromKafka, taskCompleted, tokens, TOPIC } from "../support/acceptance.ts";
import { replayOver } from "../support/dead-letters.ts";
import { readPlanned } from "../support/read-planned.ts";
import { addressOf } from "../support/seed.ts";
import { unobserved } from "../support/unobserved.ts";
import { codec, openEndpoint } from "../webhooks/webhook-world.ts";

const PAYMENTS = 20;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";
const ALL = { platformId: null, workerId: null, paymentId: null };

/** A few payments through every stage by the stages' own code, and beside them whatever the service looks at in between. */
export async function passThrough(pool: Database, world: World): Promise<void> {
  const endpoint = await openEndpoint(pool, "https://example.org");
  await accept(pool);
  await send(pool);
  await settle(pool, world);
  await publish(world);
  await tell(pool, endpoint.id);
  await lookAround(pool, world);
  await ask(pool);
  await prune(pool, { olderThanDays: 90, dryRun: false, actor: "test" });
}

async function accept(pool: Database): Promise<void> {
  const acceptance = replayOver(pool, { rail: "circle" });
  const events = Array.from({ length: PAYMENTS }, (_, index) =>
    taskCompleted({ platformId: "acme", taskId: `t${index}`, workerId: "amy" }),
  );
  const early = taskCompleted({ platformId: "acme", taskId: "early", workerId: "unknown" });
  const decoded = [...events, early, { code: "not_avro", message: "It is not Avro." }];
  const submissions = decoded.map((each, index) => fromKafka(each, { offset: BigInt(index) }));
  const offsets = [{ topic: TOPIC, partition: 0, expected: null, next: BigInt(decoded.length) }];
  expect(await acceptBatch(acceptance, { submissions, offsets })).toMatchObject({
    kind: "durable",
  });
  await acceptBatch(acceptance, { submissions, offsets: [] });
  await recheckDue(acceptance);
}

async function send(pool: Database): Promise<void> {
  const lane = scriptedLane({ operators: [addressOf("operator")] });
  const running = startLane(worldOn(pool), lane);
  const sent = () => lane.submitted.reduce((sum, { itemCount }) => sum + itemCount, 0);
  await expect.poll(sent, { timeout: 10_000, interval: 10 }).toBe(PAYMENTS);
  await running.stop();
}

async function settle(pool: Database, { chain, deps }: World): Promise<void> {
  const payments = await readPlanned(pool);
  expect(payments).toHaveLength(PAYMENTS);
  chain.pay(itemsOf(payments), { refuse: (id) => (id === payments[0]?.id ? "odd" : undefined) });
  const blocks = [chain.mine(), chain.mine()];
  for (const block of blocks) await settleBlocks({ ...deps, rail: "circle" }, [block]);
  const verifying = { pool, instance, chain: sourceOf(blocks, chain.slotOf) };
  for (let look = 0; look < 2; look += 1) await verifyNew(verifying, { lateAfterMs: 60_000 });
}

async function publish({ deps }: World): Promise<void> {
  const publisher = { publish: async () => ({ refused: [] }) };
  const unheard = { onAlarm: () => undefined, onPublished: () => undefined };
  const relay = { ...deps, publisher, metrics: unobserved, wake: createWake(), ...unheard };
  expect((await relayOnce(relay)).relayed).toBeGreaterThan(0);
}

async function tell(pool: Database, endpointId: string): Promise<void> {
  const metrics = createMetrics({ sloMs: 3_000 });
  await numberOutcomes(pool);
  const { last, now } = await readPlace(pool);
  const range = { after: last - 100n, upTo: last, limit: 100 };
  const filters = [
    ALL,
    { ...ALL, platformId: "acme" },
    { ...ALL, workerId: "amy" },
    { ...ALL, paymentId: paymentIdOf("acme", "t1") },
  ];
  for (const filter of filters) await readOutcomes(pool, range, filter);
  await readHints(pool, new Date(now.getTime() - 60_000));
  await forgetEvents(pool);
  const unheard = { log: worldOn(pool).log, metrics };
  await fanOut({ pool, codec, ...unheard });
  await readDue(pool);
  await claimDue(pool, new Map([[endpointId, 10]]), 10_000);
  await tidyUp({ pool, ...unheard });
}

async function lookAround(pool: Database, { deps }: World): Promise<void> {
  const metrics = createMetrics({ sloMs: 3_000 });
  const operators = [addressOf("operator")];
  const sampler = createDatabaseSampler({ pool, metrics, instance, tokens, operators });
  await sampler.sample(new AbortController().signal);
  await sampler.sample(new AbortController().signal);
  await createStoredSweep(deps)();
  const findTransaction = async () => ({ kind: "unknown" }) as const;
  await createAnnouncedPaidSweep({ ...deps, chain: { ...deps.chain, findTransaction } })();
  await raiseDoubt({ ...worldOn(pool) });
  await readOpenSends(pool, instance);
  await transact(pool, (tx) => findUnadopted(tx));
  await findPostponed(pool, BEFORE_ALL);
  await readBeats(pool, { platformId: "acme", workerId: "amy" });
  await readStatus(pool, instance);
}

async function ask(pool: Database): Promise<void> {
  const [first] = (await listPayments(pool, {}, { limit: 1 })).data;
  if (!first) throw new Error("there are payments");
  const filters = [
    {},
    { platformId: "platform-1" },
    { workerId: "worker-1" },
    { platformId: "platform-1", workerId: "worker-1" },
    { platformId: "platform-1", taskId: "task-1" },
    { platformId: "platform-1", idempotencyKey: "key-1" },
    { txHash: "0xab" },
    { bulkId: first.id },
    { from: new Date(Date.now() - 60_000) },
  ];
  for (const filter of filters) {
    await listPayments(pool, filter);
    await listPayments(pool, filter, { cursor: first.id });
  }
  await getPayment(pool, first.id);
  await workerStats(pool, "worker-1");
  await listReviews(pool, {}, {});
  await listDeadLetters(pool, {});
  await listDeadLetters(pool, { status: "open" });
  await listDeadLetters(pool, { platformId: "platform-1" });
  await listAudit(pool, {}, { limit: 25 });
  await listAudit(pool, { paymentId: first.id }, { limit: 25 });
  await listWebhookDeliveries(pool, { platformId: null }, { limit: 25 });
  await listWebhookDeliveries(pool, { platformId: "platform-1" }, { limit: 25 });
}
