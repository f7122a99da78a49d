import { z } from "zod";
import { replayDeadLetter as replayOne } from "../../acceptance/replay-dead-letter.ts";
import { replayReport } from "../../operating/letter-reports.ts";
import { findOwnLetter } from "../find-own-letter.ts";
import { actorOf } from "../own-platform.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { reason, replayed } from "../schemas/operating.ts";
import { uuid } from "../schemas/primitives.ts";

export const replayDeadLetter = defineRoute({
  method: "POST",
  path: "/v1/dead-letters/{id}/replay",
  operationId: "replayDeadLetter",
  tag: "Operating",
  summary: "Replay a dead letter",
  description:
    "Feeds its own bytes, which are never edited, through the accept commit again. Refused again it stays open, under its new reason.",
  access: { scope: "operate" },
  params: z.object({ id: uuid }),
  body: z
    .strictObject({
      dryRun: z.boolean().default(false).meta({ description: "Only say what would happen" }),
      reason,
    })
    .meta({ id: "ReplayOneIn" }),
  answers: { 200: { description: "What became of it", body: replayed } },
  problems: ["not_found", "dead_letter_closed", "chain_unavailable"],
})(async ({ deps, key, params: { id }, body: { reason, dryRun } }) => {
  await findOwnLetter(deps, key, id);
  const order = { reason, actor: actorOf(key), dryRun };
  const result = await replayOne(deps.replay, id, order);
  if (result.kind === "not_found") throw notFound("dead letter");
  if (result.kind === "closed") {
    throw new HttpProblem(
      "dead_letter_closed",
      `It was ${result.status} before; nothing was changed.`,
    );
  }
  return { status: 200, body: replayReport([{ deadLetterId: id, ...result }], dryRun) };
});
