import assert from "node:assert/strict";
import { z } from "zod";
import {
  putTasks as writeTasks,
  type TaskOutcome,
  type TaskPut,
} from "../../directory/put-tasks.ts";
import { owns } from "../own-platform.ts";
import { putReport as reportOf, REPEATED, repeatedIn, type PutItem } from "../put-report.ts";
import { defineRoute } from "../route.ts";
import { putReport, taskItem } from "../schemas/directory.ts";

const placeOf = ({ platformId, id }: TaskPut) => `${platformId} ${id}`;

export const putTasks = defineRoute({
  method: "PUT",
  path: "/v1/tasks/bulk",
  operationId: "putTasks",
  tag: "Directory",
  summary: "Create or change up to 500 tasks",
  description:
    "An outcome each, in order, whatever becomes of its neighbours. Repeating the call changes nothing.",
  access: { scope: "payments:write" },
  body: z.strictObject({ items: z.array(taskItem).min(1).max(500) }).meta({ id: "TasksIn" }),
  answers: { 200: { description: "What became of each", body: putReport } },
  problems: [],
})(async ({ deps, key, body: { items } }) => {
  const repeated = repeatedIn(items.map(placeOf));
  const isTaken = (item: TaskPut) => !repeated.has(placeOf(item)) && owns(key, item.platformId);
  const outcomes = (await writeTasks(deps.pool, items.filter(isTaken))).values();
  const results = items.map((item): PutItem => {
    const { id } = item;
    if (repeated.has(placeOf(item))) return { id, status: "rejected", problem: REPEATED };
    if (!isTaken(item)) return { id, ...resultOf({ kind: "no_platform" }) };
    const { value } = outcomes.next();
    assert(value, "one outcome per task");
    return { id, ...resultOf(value) };
  });
  return { status: 200, body: reportOf(results) };
});

function resultOf(outcome: TaskOutcome): Omit<PutItem, "id"> {
  switch (outcome.kind) {
    case "created":
    case "updated":
    case "unchanged":
      return { status: outcome.kind, problem: null };
    case "no_platform": {
      const message = "There is no such platform.";
      return { status: "rejected", problem: { code: "not_found", message, field: "platformId" } };
    }
    case "has_payment": {
      const { field, paymentId } = outcome;
      const message = `The task has payment ${paymentId}, which was made of another ${field}.`;
      return { status: "rejected", problem: { code: "task_has_payment", message, field } };
    }
  }
}
