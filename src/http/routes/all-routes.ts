import type { Route } from "../route.ts";
import { changeWebhookEndpoint } from "./change-webhook-endpoint.ts";
import { checkCircleEndpoint } from "./check-circle-endpoint.ts";
import { createBulk } from "./create-bulk.ts";
import { createPayment } from "./create-payment.ts";
import { createWebhookEndpoint } from "./create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "./delete-webhook-endpoint.ts";
import { discardDeadLetter } from "./discard-dead-letter.ts";
import { getDeadLetter } from "./get-dead-letter.ts";
import { getPayment } from "./get-payment.ts";
import { getPlatform } from "./get-platform.ts";
import { getStatus } from "./get-status.ts";
import { getTask } from "./get-task.ts";
import { getWebhookEndpoint } from "./get-webhook-endpoint.ts";
import { getWorkerEarnings } from "./get-worker-earnings.ts";
import { getWorkerStats } from "./get-worker-stats.ts";
import { getWorker } from "./get-worker.ts";
import { listAudit } from "./list-audit.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import { listPayments } from "./list-payments.ts";
import { listWebhookDeliveries } from "./list-webhook-deliveries.ts";
import { listWebhookEndpoints } from "./list-webhook-endpoints.ts";
import { listReviews } from "./list-reviews.ts";
import { listWorkerPayments } from "./list-worker-payments.ts";
import { livez } from "./livez.ts";
import { pauseAll, pausePlatform, resumeAll, resumePlatform } from "./pausing.ts";
import { putPlatform } from "./put-platform.ts";
import { putTask } from "./put-task.ts";
import { putTasks } from "./put-tasks.ts";
import { putWorker } from "./put-worker.ts";
import { putWorkers } from "./put-workers.ts";
import { readyz } from "./readyz.ts";
import { redeliverWebhook } from "./redeliver-webhook.ts";
import { receiveCircleNotification } from "./receive-circle-notification.ts";
import { createReconciliation, getReconciliation, listReconciliations } from "./reconciliations.ts";
import { replayDeadLetter } from "./replay-dead-letter.ts";
import { replayDeadLetters } from "./replay-dead-letters.ts";
import { reportTask } from "./report-task.ts";
import { resolvePayment } from "./resolve-payment.ts";
import { retryPayment } from "./retry-payment.ts";
import { rotatePlatformSecret } from "./rotate-platform-secret.ts";
import { rotateWebhookSecret } from "./rotate-webhook-secret.ts";
import { showOpenApi } from "./show-open-api.ts";
import { showProblem } from "./show-problem.ts";
import { testWebhookEndpoint } from "./test-webhook-endpoint.ts";
import { streamEvents } from "./stream-events.ts";

/** Every route of the API, in the order of its documentation. */
export const ALL_ROUTES: readonly Route[] = [
  createPayment,
  createBulk,
  reportTask,
  listPayments,
  getPayment,
  streamEvents,
  putPlatform,
  getPlatform,
  rotatePlatformSecret,
  putWorkers,
  putWorker,
  getWorker,
  putTasks,
  putTask,
  getTask,
  listWorkerPayments,
  getWorkerStats,
  createWebhookEndpoint,
  listWebhookEndpoints,
  getWebhookEndpoint,
  changeWebhookEndpoint,
  deleteWebhookEndpoint,
  rotateWebhookSecret,
  testWebhookEndpoint,
  listWebhookDeliveries,
  redeliverWebhook,
  getWorkerEarnings,
  retryPayment,
  resolvePayment,
  listReviews,
  listDeadLetters,
  getDeadLetter,
  replayDeadLetter,
  discardDeadLetter,
  replayDeadLetters,
  pauseAll,
  resumeAll,
  pausePlatform,
  resumePlatform,
  createReconciliation,
  listReconciliations,
  getReconciliation,
  listAudit,
  checkCircleEndpoint,
  receiveCircleNotification,
  getStatus,
  livez,
  readyz,
  showProblem,
  showOpenApi,
];
