import { z } from "zod";
import {
  replayDeadLetters as replayAll,
  selectLetters,
} from "../../acceptance/replay-dead-letters.ts";
import { replayReport } from "../../operating/letter-reports.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { reason, replayed } from "../schemas/operating.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const replayDeadLetters = defineRoute({
  method: "POST",
  path: "/v1/dead-letters/replay",
  operationId: "replayDeadLetters",
  tag: "Operating",
  summary: "Replay open dead letters by filter",
  description:
    "Those replayed least lately first, each in a commit of its own. With `dryRun` nothing is changed and the answer says what would happen.",
  access: { scope: "operate" },
  body: z
    .strictObject({
      filter: z.strictObject({ code: opaqueId.optional(), platformId: opaqueId.optional() }),
      limit: z.int().min(1).max(500),
      dryRun: z.boolean().default(false),
      reason,
    })
    .meta({ id: "ReplayIn" }),
  answers: { 200: { description: "What became of each", body: replayed } },
  problems: ["chain_unavailable"],
})(async ({ deps, key, body: { filter, limit, dryRun, reason } }) => {
  const platformId = key.platformId ?? filter.platformId;
  const isNobodys = filter.platformId !== undefined && filter.platformId !== platformId;
  const ids = isNobodys
    ? []
    : await selectLetters(deps.replay, { filter: { ...filter, platformId }, limit });
  const results = await replayAll(deps.replay, ids, { dryRun, reason, actor: actorOf(key) });
  return { status: 200, body: replayReport(results, dryRun) };
});
