import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import kafkajs from "kafkajs";
import type { Kafka, logCreator, RetryOptions, SASLOptions } from "kafkajs";
import type { Logger } from "pino";

export type { Kafka };

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean;
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
}

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Stated in full: kafkajs takes other defaults where NODE_ENV is "test", so that tests would prove nothing about
 * production. About 2.5 s of tries; then the caller's own loop takes over, which says so in the log.
 */
const RETRY: RetryOptions = {
  initialRetryTime: 100,
  multiplier: 2,
  factor: 0.2,
  maxRetryTime: 1_000,
  retries: 5,
};

/** A platform's producer may compress with zstd, which kafkajs knows by number only. gzip it can do itself. */
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async (encoder: { buffer: Buffer }) => zstdCompressSync(encoder.buffer),
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
});

/** The client behind every producer, consumer and admin here. Opens no connection by itself. */
export function createKafka(settings: KafkaSettings, log: Logger): Kafka {
  return new kafkajs.Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ssl: settings.ssl,
    ...(settings.sasl && { sasl: settings.sasl as SASLOptions }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: intoPino(log),
  });
}

/**
 * kafkajs reports every try of every connection, as errors. What matters of it reaches our code as an exception or a
 * crash event and is logged there, once; its own lines are for whoever debugs Kafka.
 */
function intoPino(log: Logger): logCreator {
  const library = log.child({ library: "kafkajs" });
  return () => (entry) => {
    const { message, ...detail } = entry.log;
    library.debug({ namespace: entry.namespace, label: entry.label, ...detail }, message);
  };
}
