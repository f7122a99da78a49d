/**
 * Restate: its server reads the topic and invokes the handler once per record
 * (https://docs.restate.dev/services/invocation/kafka; the newer ingress of https://docs.restate.dev/services/integrations/kafka
 * is a container of its own, and is left out). Each effect is a `ctx.run`, recorded before the next begins
 * (https://docs.restate.dev/develop/ts/durable-steps). A plain service, so that events run in parallel. The server runs with
 * its defaults: 24 partitions, up to 1,000 invocations at once.
 */
import * as restate from "@restatedev/restate-sdk";
import { openParts, sayReady } from "./job/parts.ts";
import { accept, orderOf, settle } from "./job/payments.ts";
import { KAFKA_BROKERS, topics } from "./job/settings.ts";
import { decodeTask } from "./job/task.ts";

const [, , adminUrl = "", port = ""] = process.argv;
const { pool, provider, outcomes } = await openParts();

const payments = restate.service({
  name: "payments",
  handlers: {
    pay: restate.handlers.handler(
      { input: restate.serde.binary },
      async (ctx: restate.Context, record: Uint8Array): Promise<void> => {
        const task = decodeTask(record);
        const [payment] = await ctx.run("accept", () => accept(pool, [task]));
        if (!payment) return;
        const transfers = await ctx.run("pay", async () =>
          (await provider.pay([orderOf(payment)])).map(({ id }) => ({ id })),
        );
        const settled = await ctx.run("settle", () => settle(pool, [payment], transfers));
        await ctx.run("publish", () => outcomes.publish(settled));
      },
    ),
  },
});
await restate.endpoint().bind(payments).listen(Number(port));

async function tell(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${adminUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // Told again by a process that was started again.
  if (!answer.ok && answer.status !== 409) throw new Error(`${path}: ${await answer.text()}`);
}

await tell("/deployments", { uri: `http://127.0.0.1:${port}`, force: true });
const cluster = "world";
await tell("/kafka-clusters", {
  name: cluster,
  properties: { "bootstrap.servers": KAFKA_BROKERS.join(",") },
});
await tell("/subscriptions", {
  source: `kafka://${cluster}/${topics.TOPIC_TASK_COMPLETED}`,
  sink: "service://payments/pay",
  options: { "group.id": "peer", "auto.offset.reset": "earliest", "session.timeout.ms": "6000" },
});
sayReady();
