/**
 * What GigStream's first service did, and many first services do: one event after the other, what was paid kept in memory,
 * no key for the provider. No library, so no documentation; kafkajs' own defaults for consuming
 * (https://kafka.js.org/docs/consuming), which commit an offset once its message was handled.
 */
import { openParts, sayReady } from "./job/parts.ts";
import { accept, orderOf, settle } from "./job/payments.ts";
import { CONSUMER, topics } from "./job/settings.ts";
import { decodeTask } from "./job/task.ts";

const { kafka, pool, provider, outcomes } = await openParts();
const paid = new Set<string>();
const consumer = kafka.consumer(CONSUMER);
await consumer.connect();
await consumer.subscribe({ topic: topics.TOPIC_TASK_COMPLETED, fromBeginning: true });
await consumer.run({
  async eachMessage({ message }) {
    const task = decodeTask(message.value ?? Buffer.alloc(0));
    if (paid.has(task.paymentId)) return;
    const [payment] = await accept(pool, [task]);
    if (!payment) return;
    paid.add(task.paymentId);
    const transfers = await provider.pay([{ ...orderOf(payment), idempotencyKey: null }]);
    await outcomes.publish(await settle(pool, [payment], transfers));
  },
});
sayReady();
