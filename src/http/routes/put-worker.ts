import assert from "node:assert/strict";
import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { putWorkers } from "../../directory/put-workers.ts";
import { getWorker } from "../../queries/directory.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { worker, workerIn } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const putWorker = defineRoute({
  method: "PUT",
  path: "/v1/workers/{id}",
  operationId: "putWorker",
  tag: "Directory",
  summary: "Create or change a worker",
  description:
    "Worker ids are global, and a wallet is where the money goes: only a key for all platforms may say what it is. Each change of a wallet is in the audit log. Payments that are planned already go to the wallet that they were planned with.",
  access: { scope: "directory:write", allPlatforms: true },
  params: z.object({ id: opaqueId }),
  body: workerIn,
  answers: {
    200: { description: "As it is now", body: worker },
    201: { description: "Created", body: worker },
  },
  problems: [],
})(async ({ deps, key, params: { id }, body: { walletAddress, name = null } }) => {
  const order = { actor: actorOf(key) };
  const outcomes = await putWorkers(deps.pool, [{ id, walletAddress, name }], order);
  const found = await askDatabase(() => getWorker(deps.pool, id, null));
  assert(found, "workers are never deleted");
  return { status: outcomes.get(id) === "created" ? 201 : 200, body: found };
});
