import { z } from "zod";
import { discardDeadLetter as discardOne } from "../../acceptance/discard-dead-letter.ts";
import { findOwnLetter } from "../find-own-letter.ts";
import { actorOf } from "../own-platform.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { deadLetterDetail, reasoned } from "../schemas/operating.ts";
import { uuid } from "../schemas/primitives.ts";

export const discardDeadLetter = defineRoute({
  method: "POST",
  path: "/v1/dead-letters/{id}/discard",
  operationId: "discardDeadLetter",
  tag: "Operating",
  summary: "Discard a dead letter",
  description:
    "Closes one of which nothing is to become; its bytes are kept until `gigpay prune` drops them.",
  access: { scope: "operate" },
  params: z.object({ id: uuid }),
  body: reasoned,
  answers: { 200: { description: "As it is now", body: deadLetterDetail } },
  problems: ["not_found", "dead_letter_closed"],
})(async ({ deps, key, params: { id }, body: { reason } }) => {
  await findOwnLetter(deps, key, id);
  const result = await discardOne(deps.replay, id, { reason, actor: actorOf(key) });
  if (result.kind === "not_found") throw notFound("dead letter");
  if (result.kind === "closed") {
    throw new HttpProblem(
      "dead_letter_closed",
      `It was ${result.status} before; nothing was changed.`,
    );
  }
  return { status: 200, body: await findOwnLetter(deps, key, id) };
});
