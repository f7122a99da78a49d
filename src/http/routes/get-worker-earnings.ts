import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { getWorker } from "../../queries/directory.ts";
import { workerStats } from "../../queries/worker-stats.ts";
import { pageOfPayments } from "../page-of-payments.ts";
import { readPurses, shownBalance } from "../purses.ts";
import { defineRoute } from "../route.ts";
import { opaqueId } from "../schemas/primitives.ts";
import { workerEarnings } from "../schemas/worker.ts";

export const getWorkerEarnings = defineRoute({
  method: "GET",
  path: "/v1/workers/{id}/earnings",
  operationId: "getWorkerEarnings",
  tag: "Workers",
  summary: "Show what a worker has earned",
  description:
    "Sums, the newest payments, and what the wallet has now. A key of one platform sees its own payments, and the wallet of those whom it has payments for. Where the chain does not answer in time, `walletBalances` is null and the rest is there.",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  answers: { 200: { description: "The earnings", body: workerEarnings } },
  problems: [],
})(async ({ deps, key, params: { id: workerId }, request }) => {
  const worker = await askDatabase(() => getWorker(deps.pool, workerId, key.platformId));
  const [stats, payments, purses] = await Promise.all([
    askDatabase(() => workerStats(deps.pool, workerId, key.platformId)),
    pageOfPayments(deps, key, { workerId }),
    worker?.walletAddress
      ? readPurses(deps.purses, worker.walletAddress, request.signal)
      : ("no_wallet" as const),
  ]);
  const isKnown = typeof purses !== "string";
  return {
    status: 200,
    body: {
      stats,
      payments,
      walletBalances: isKnown ? purses.map(shownBalance) : null,
      walletBalancesReason: isKnown ? null : purses,
    },
  };
});
