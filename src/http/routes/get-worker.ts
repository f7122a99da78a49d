import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { getWorker as readWorker } from "../../queries/directory.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { worker } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const getWorker = defineRoute({
  method: "GET",
  path: "/v1/workers/{id}",
  operationId: "getWorker",
  tag: "Directory",
  summary: "Show a worker",
  description: "A key of one platform sees those workers that it has payments for.",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  answers: { 200: { description: "The worker", body: worker } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => {
  const found = await askDatabase(() => readWorker(deps.pool, id, key.platformId));
  if (!found) throw notFound("worker");
  return { status: 200, body: found };
});
