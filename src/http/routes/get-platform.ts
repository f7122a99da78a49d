import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { formatMicros } from "../../payment/money.ts";
import { getPlatform as readPlatform } from "../../queries/directory.ts";
import { missingSetup } from "../missing-setup.ts";
import { assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { readPurses, shownBalance } from "../purses.ts";
import { defineRoute } from "../route.ts";
import { platformDetail } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const getPlatform = defineRoute({
  method: "GET",
  path: "/v1/platforms/{id}",
  operationId: "getPlatform",
  tag: "Directory",
  summary: "Show a platform",
  description:
    "With what its wallet has, what may be moved of it, and what is still to be set up before it can pay. Where the chain does not answer in time, `funds` and `missingSetup` are null and `fundsReason` says why.",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  answers: { 200: { description: "The platform", body: platformDetail } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id }, request }) => {
  assertOwn(key, id, "platform");
  const found = await askDatabase(() => readPlatform(deps.pool, id));
  if (!found) throw notFound("platform");
  const { walletAddress } = found;
  const purses = await readPurses(deps.purses, walletAddress, request.signal);
  if (purses === "chain_unavailable") {
    return {
      status: 200,
      body: { ...found, funds: null, fundsReason: purses, missingSetup: null },
    };
  }
  const funds = purses.map((purse) => ({
    ...shownBalance(purse),
    allowance: formatMicros(purse.allowance),
    blocked: purse.blocked,
  }));
  const missing = missingSetup(walletAddress, purses, deps.purses);
  return { status: 200, body: { ...found, funds, fundsReason: null, missingSetup: missing } };
});
