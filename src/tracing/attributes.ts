/**
 * OpenTelemetry's semantic conventions, as far as they are used here; those for messaging are in development still, so
 * their names are held in one place. What has no convention is under `gigstream.`.
 */
export const ATTRIBUTES = {
  serviceName: "service.name",
  serviceVersion: "service.version",
  serviceInstance: "service.instance.id",
  errorType: "error.type",
  system: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  consumerGroup: "messaging.consumer.group.name",
  batchCount: "messaging.batch.message_count",
  paymentId: "gigstream.payment.id",
  generation: "gigstream.payment.generation",
  platformId: "gigstream.platform.id",
  taskId: "gigstream.task.id",
  workerId: "gigstream.worker.id",
  origin: "gigstream.payment.origin",
  outcome: "gigstream.payment.outcome",
  failureCode: "gigstream.payment.failure_code",
  tries: "gigstream.payment.tries",
  txHash: "gigstream.payment.tx_hash",
  rail: "gigstream.rail",
  sendId: "gigstream.send.id",
  sendKind: "gigstream.send.kind",
} as const;
