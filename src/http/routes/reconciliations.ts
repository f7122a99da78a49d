import assert from "node:assert/strict";
import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import {
  getReconciliation as readOne,
  listReconciliations as readPage,
} from "../../queries/list-reconciliations.ts";
import { actorOf } from "../own-platform.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { cursor, limit, pageOf, uuid } from "../schemas/primitives.ts";
import {
  reconciliation,
  reconciliationDetail,
  reconciliationIn,
} from "../schemas/reconciliation.ts";

const access = { scope: "operate", allPlatforms: true } as const;

export const createReconciliation = defineRoute({
  method: "POST",
  path: "/v1/reconciliations",
  operationId: "createReconciliation",
  tag: "Operating",
  summary: "Verify the whole ledger",
  description:
    "What `gigpay verify` does, in the background: payments, outcomes, events, inbox, sends and stored logs with one another and with the chain. One at a time, 15 minutes at most. It changes nothing and pauses nothing: who asked, and what was found, stands in the audit log.",
  access,
  body: reconciliationIn,
  answers: {
    202: {
      description: "It has begun",
      body: reconciliationDetail,
      headers: { Location: "Where it is found" },
    },
  },
  problems: ["reconciliation_running"],
})(async ({ deps, key, body: { reason, ...wanted } }) => {
  const begun = await deps.reconciler.begin({ wanted, reason, actor: actorOf(key) });
  const { id } = begun;
  if (begun.kind === "running") {
    const members = { reconciliationId: id };
    throw new HttpProblem("reconciliation_running", "One runs already.", { members });
  }
  const found = await askDatabase(() => readOne(deps.pool, id));
  assert(found, "it was just written");
  return { status: 202, body: found, headers: { location: `/v1/reconciliations/${id}` } };
});

export const listReconciliations = defineRoute({
  method: "GET",
  path: "/v1/reconciliations",
  operationId: "listReconciliations",
  tag: "Operating",
  summary: "List verifications",
  description: "Newest first. The service also verifies by itself what is new, every minute.",
  access,
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: {
      description: "A page of them",
      body: pageOf(reconciliation).meta({ id: "ReconciliationPage" }),
    },
  },
  problems: [],
})(async ({ deps, query }) => ({
  status: 200,
  body: await askDatabase(() => readPage(deps.pool, query)),
}));

export const getReconciliation = defineRoute({
  method: "GET",
  path: "/v1/reconciliations/{id}",
  operationId: "getReconciliation",
  tag: "Operating",
  summary: "Show a verification",
  access,
  params: z.object({ id: uuid }),
  answers: { 200: { description: "With all that it found", body: reconciliationDetail } },
  problems: ["not_found"],
})(async ({ deps, params: { id } }) => {
  const found = await askDatabase(() => readOne(deps.pool, id));
  if (!found) throw notFound("reconciliation");
  return { status: 200, body: found };
});
