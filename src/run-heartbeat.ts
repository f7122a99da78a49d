import { createHeartbeat } from "./heartbeat/create-heartbeat.ts";
import { createPublisher } from "./kafka/publisher.ts";
import type { TaskCompleted } from "./payment/events.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import type { Connected } from "./stage-deps.ts";
import { sweep } from "./sweep.ts";

/** Pays ourselves now and then, where the settings ask for it, while this instance holds the lease. Not while a restore is open. */
export async function runHeartbeat(
  connected: Connected,
  watch: RestoreWatch,
  hold: (name: string, work: (held: AbortSignal) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { config, log, metrics, pool, kafka, codec } = connected;
  const { heartbeat: settings } = config;
  if (settings === null) return;
  metrics.heartbeatEnabled.set({}, 1);
  metrics.heartbeatInterval.set({}, settings.everySeconds);
  await hold("heartbeat", async (held) => {
    const publisher = createPublisher({ kafka, log });
    // It may be waiting for Kafka.
    held.addEventListener("abort", () => void publisher.stop(), { once: true });
    const publish = async (event: TaskCompleted) => {
      await publisher.publish([
        {
          topic: config.TOPIC_TASK_COMPLETED,
          key: event.workerId,
          value: codec.encodeTaskCompleted(event),
          headers: {
            "event-id": event.eventId,
            "content-type": "application/vnd.apache.avro.binary",
          },
        },
      ]);
    };
    const look = createHeartbeat({ pool, log, metrics, publish }, settings);
    await watch.whileClosed((closed) => sweep({ log }, "the heartbeat", look, closed), held);
  });
}
