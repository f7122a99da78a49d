import { Webhook } from "standardwebhooks";
import { addressOf } from "../../support/seed.ts";

/** What the plays so far came to know, by name: ids and secrets, as the answers gave them. */
export type Known = Readonly<Record<string, string>>;

interface Asked {
  /** In the place of the path's `{id}`. */
  readonly id?: string | undefined;
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation, asked once: the status it must answer, and which member of the answer is kept under a name. */
export interface Play {
  readonly operationId: string;
  readonly status: number;
  readonly asked: (known: Known) => Asked;
  readonly keeps: Readonly<Record<string, string>>;
}

const play = (
  operationId: string,
  status: number,
  asked: Asked | Play["asked"] = {},
  keeps: Play["keeps"] = {},
): Play => ({
  operationId,
  status,
  asked: typeof asked === "function" ? asked : () => asked,
  keeps,
});

const because = { reason: "every operation is played" };
const task = { platformId: "acme", workerId: "amy", amount: "50", currency: "USDC" };
const taskDone = { ...task, status: "completed" };
const wallet = { walletAddress: addressOf("amy") };

/** Signed as the platform does it, with the secret that it was just given. */
function signed({ webhookSecret = "" }: Known): Asked {
  const body = { ...task, taskId: "reported" };
  const at = new Date();
  return {
    body,
    headers: {
      "webhook-id": "e-reported",
      "webhook-timestamp": `${Math.floor(at.getTime() / 1_000)}`,
      "webhook-signature": new Webhook(webhookSecret).sign("e-reported", at, JSON.stringify(body)),
    },
  };
}

/** In an order in which each finds what it needs; `treasury`, `receiver` and `letter` are known before. */
export const PLAYS: readonly Play[] = [
  play("livez", 200),
  play("readyz", 200),
  play("showProblem", 200, { id: "not_found" }),
  play("checkCircleEndpoint", 200),
  // Circle's own key is not ours to sign with: test/circle plays what is genuine.
  play("receiveCircleNotification", 401, { body: {} }),

  play("putPlatform", 201, ({ treasury = "" }) => ({
    id: "acme",
    body: { name: "Acme", walletAddress: treasury, taskSource: "directory" },
  })),
  play("rotatePlatformSecret", 200, { id: "acme" }, { webhookSecret: "webhookSecret" }),
  play("getPlatform", 200, { id: "acme" }),
  play("putWorkers", 200, { body: { items: [{ id: "ben", walletAddress: addressOf("ben") }] } }),
  play("putWorker", 201, { id: "amy", body: wallet }),
  play("getWorker", 200, { id: "amy" }),
  play("putTasks", 200, {
    body: { items: ["paid", "reported", "bulked"].map((id) => ({ id, ...taskDone })) },
  }),
  play("putTask", 201, { id: "early", body: { ...task, status: "assigned" } }),
  play("getTask", 200, { id: "paid", query: "platformId=acme" }),

  play(
    "createWebhookEndpoint",
    201,
    ({ receiver = "" }) => ({
      body: { url: receiver, eventTypes: ["payment.completed"], platformId: "acme" },
    }),
    { endpoint: "id" },
  ),
  play("listWebhookEndpoints", 200),
  play("getWebhookEndpoint", 200, ({ endpoint }) => ({ id: endpoint })),
  play("changeWebhookEndpoint", 200, ({ endpoint }) => ({ id: endpoint, body: { enabled: true } })),
  play("rotateWebhookSecret", 200, ({ endpoint }) => ({ id: endpoint })),
  play("testWebhookEndpoint", 202, ({ endpoint }) => ({ id: endpoint }), { delivery: "id" }),
  play("listWebhookDeliveries", 200),
  play("redeliverWebhook", 202, ({ delivery }) => ({ id: delivery })),
  play("deleteWebhookEndpoint", 204, ({ endpoint }) => ({ id: endpoint })),

  play(
    "createPayment",
    200,
    { body: { ...task, taskId: "paid" }, headers: { prefer: "wait=10" } },
    { paid: "id" },
  ),
  play("createBulk", 202, { body: { items: [{ ...task, taskId: "bulked" }] } }),
  play("reportTask", 202, signed),
  play("listPayments", 200),
  play("getPayment", 200, ({ paid }) => ({ id: paid })),
  play("listWorkerPayments", 200, { id: "amy" }),
  play("getWorkerStats", 200, { id: "amy" }),
  play("getWorkerEarnings", 200, { id: "amy" }),
  play("streamEvents", 200),

  // A task that is paid too early fails; once it is completed, its payment is retried.
  play("createPayment", 202, { body: { ...task, taskId: "early" } }, { early: "id" }),
  play("putTask", 200, { id: "early", body: taskDone }),
  play("retryPayment", 202, ({ early }) => ({
    id: early,
    body: { expectedGeneration: 1, ...because },
  })),
  // Doubt takes a fault of the chain or of Circle: test/operating brings it about.
  play("resolvePayment", 409, ({ paid }) => ({
    id: paid,
    body: { expectedGeneration: 1, decision: "recheck", ...because },
  })),
  play("listReviews", 200),

  play("listDeadLetters", 200),
  play("getDeadLetter", 200, ({ letter }) => ({ id: letter })),
  play("replayDeadLetter", 200, ({ letter }) => ({ id: letter, body: because })),
  play("replayDeadLetters", 200, { body: { filter: {}, limit: 500, dryRun: true, ...because } }),
  play("discardDeadLetter", 200, ({ letter }) => ({ id: letter, body: because })),

  play("pausePlatform", 200, { id: "acme", body: because }),
  play("resumePlatform", 200, { id: "acme", body: because }),
  play("pauseAll", 200, { body: because }),
  play("resumeAll", 200, { body: because }),

  play("createReconciliation", 202, { body: because }, { reconciliation: "id" }),
  play("listReconciliations", 200),
  play("getReconciliation", 200, ({ reconciliation }) => ({ id: reconciliation })),
  play("listAudit", 200),
  play("getStatus", 200),
];
