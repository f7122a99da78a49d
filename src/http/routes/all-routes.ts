import type { Route } from "../route.ts";
import { createBulk } from "./create-bulk.ts";
import { createPayment } from "./create-payment.ts";
import { getPayment } from "./get-payment.ts";
import { getPlatform } from "./get-platform.ts";
import { getTask } from "./get-task.ts";
import { getWorker } from "./get-worker.ts";
import { getWorkerStats } from "./get-worker-stats.ts";
import { listPayments } from "./list-payments.ts";
import { listWorkerPayments } from "./list-worker-payments.ts";
import { livez } from "./livez.ts";
import { putPlatform } from "./put-platform.ts";
import { putTask } from "./put-task.ts";
import { putTasks } from "./put-tasks.ts";
import { putWorker } from "./put-worker.ts";
import { putWorkers } from "./put-workers.ts";
import { readyz } from "./readyz.ts";
import { rotatePlatformSecret } from "./rotate-platform-secret.ts";
import { showOpenApi } from "./show-open-api.ts";
import { showProblem } from "./show-problem.ts";

/** Every route of the API, in the order of its documentation. */
export const ALL_ROUTES: readonly Route[] = [
  createPayment,
  createBulk,
  listPayments,
  getPayment,
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
  livez,
  readyz,
  showProblem,
  showOpenApi,
];
