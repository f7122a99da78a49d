import type { Route } from "../route.ts";
import { createPayment } from "./create-payment.ts";
import { getPayment } from "./get-payment.ts";
import { listPayments } from "./list-payments.ts";
import { livez } from "./livez.ts";
import { readyz } from "./readyz.ts";
import { showOpenApi } from "./show-open-api.ts";
import { showProblem } from "./show-problem.ts";

/** Every route of the API, in the order of its documentation. */
export const ALL_ROUTES: readonly Route[] = [
  createPayment,
  listPayments,
  getPayment,
  livez,
  readyz,
  showProblem,
  showOpenApi,
];
