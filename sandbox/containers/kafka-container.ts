import kafkajs from "kafkajs";

import { brokerSettings } from "../kafka/server-properties.ts";
import type { Kafka } from "../kafka/start-kafka.ts";
import { onFreePort } from "../process/free-port.ts";
import { imageOf } from "./images.ts";
import { runContainer } from "./run-container.ts";

const STORAGE = "/tmp/kraft-combined-logs";
const REQUEST_TIMEOUT_MS = 2_000;

/** Kafka from Apache's own image, configured as the one on this machine is. */
export async function startKafkaContainer(options: {
  readonly signal?: AbortSignal;
}): Promise<Kafka> {
  return onFreePort(async (hostPort) => {
    const address = `127.0.0.1:${hostPort}`;
    const listeners = { broker: "0.0.0.0:9092", controller: "127.0.0.1:9093", advertised: address };
    const broker = await runContainer({
      name: "kafka",
      image: imageOf("kafka"),
      env: asEnvironment(brokerSettings(listeners, STORAGE)),
      port: 9092,
      hostPort,
      answers: () => describesItself(address),
      ...(options.signal && { signal: options.signal }),
    });
    return { brokers: [address], broker, storage: STORAGE, stop: () => broker.remove() };
  });
}

/** The image's own convention: `log.dirs` is KAFKA_LOG_DIRS. */
function asEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(settings).map(([name, value]) => {
    return [`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`, value];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Docker takes connections for a port before anyone listens inside, so only an answer counts. */
async function describesItself(address: string): Promise<boolean> {
  const client = new kafkajs.Kafka({
    brokers: [address],
    connectionTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    return controller !== null;
  } finally {
    await admin.disconnect();
  }
}
