import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { getTask as readTask } from "../../queries/directory.ts";
import { assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { invalidPlace } from "../request-errors.ts";
import { defineRoute } from "../route.ts";
import { task } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const getTask = defineRoute({
  method: "GET",
  path: "/v1/tasks/{id}",
  operationId: "getTask",
  tag: "Directory",
  summary: "Show a task",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  query: z.strictObject({
    platformId: opaqueId
      .optional()
      .meta({ description: "Whose task; a key for all platforms must say it" }),
  }),
  answers: { 200: { description: "The task", body: task } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id }, query }) => {
  const platformId = query.platformId ?? key.platformId;
  if (platformId === null) {
    const detail = "A key for all platforms must say whose task.";
    throw invalidPlace({ in: "query", pointer: "/platformId", code: "missing", detail });
  }
  assertOwn(key, platformId, "task");
  const found = await askDatabase(() => readTask(deps.pool, platformId, id));
  if (!found) throw notFound("task");
  return { status: 200, body: found };
});
