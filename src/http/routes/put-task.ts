import assert from "node:assert/strict";
import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { putTasks } from "../../directory/put-tasks.ts";
import { getTask } from "../../queries/directory.ts";
import { assertOwn } from "../own-platform.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { task, taskIn } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const putTask = defineRoute({
  method: "PUT",
  path: "/v1/tasks/{id}",
  operationId: "putTask",
  tag: "Directory",
  summary: "Create or change a task",
  description:
    "The task's amount is what is paid. A task that has a payment keeps what the payment was made of, unless that has failed.",
  access: { scope: "payments:write" },
  params: z.object({ id: opaqueId }),
  body: taskIn,
  answers: {
    200: { description: "As it is now", body: task },
    201: { description: "Created", body: task },
  },
  problems: ["not_found", "task_has_payment"],
})(async ({ deps, key, params: { id }, body }) => {
  const { platformId } = body;
  assertOwn(key, platformId, "platform");
  const [outcome] = await putTasks(deps.pool, [{ id, ...body }]);
  assert(outcome, "one outcome per task");
  if (outcome.kind === "no_platform") throw notFound("platform");
  if (outcome.kind === "has_payment") {
    const { paymentId, field } = outcome;
    const detail = `The task has a payment, and ${field} differs from what that was made of; nothing was changed.`;
    throw new HttpProblem("task_has_payment", detail, { members: { field, paymentId } });
  }
  const found = await askDatabase(() => getTask(deps.pool, platformId, id));
  assert(found, "tasks are never deleted");
  return { status: outcome.kind === "created" ? 201 : 200, body: found };
});
