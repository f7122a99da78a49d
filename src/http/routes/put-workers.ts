import { z } from "zod";
import { putWorkers as writeWorkers } from "../../directory/put-workers.ts";
import { actorOf } from "../own-platform.ts";
import { putReport as reportOf, REPEATED, repeatedIn, type PutItem } from "../put-report.ts";
import { defineRoute } from "../route.ts";
import { putReport, workerItem } from "../schemas/directory.ts";

export const putWorkers = defineRoute({
  method: "PUT",
  path: "/v1/workers/bulk",
  operationId: "putWorkers",
  tag: "Directory",
  summary: "Create or change up to 500 workers",
  description: "An outcome each, in order. Repeating the call changes nothing.",
  access: { scope: "directory:write", allPlatforms: true },
  body: z.strictObject({ items: z.array(workerItem).min(1).max(500) }).meta({ id: "WorkersIn" }),
  answers: { 200: { description: "What became of each", body: putReport } },
  problems: [],
})(async ({ deps, key, body: { items } }) => {
  const repeated = repeatedIn(items.map(({ id }) => id));
  const rows = items.filter(({ id }) => !repeated.has(id));
  const outcomes = await writeWorkers(
    deps.pool,
    rows.map(({ name = null, ...row }) => ({ name, ...row })),
    { actor: actorOf(key) },
  );
  const results = items.map(({ id }): PutItem => {
    const status = outcomes.get(id);
    return status ? { id, status, problem: null } : { id, status: "rejected", problem: REPEATED };
  });
  return { status: 200, body: reportOf(results) };
});
