import { z } from "zod";
import { findOwnLetter } from "../find-own-letter.ts";
import { defineRoute } from "../route.ts";
import { deadLetterDetail } from "../schemas/operating.ts";
import { uuid } from "../schemas/primitives.ts";

export const getDeadLetter = defineRoute({
  method: "GET",
  path: "/v1/dead-letters/{id}",
  operationId: "getDeadLetter",
  tag: "Operating",
  summary: "Show a dead letter",
  description:
    "With its bytes, headers, event, and the field in which it differs from the payment that it contradicts. Of a closed one the bytes and headers are gone once they are pruned.",
  access: { scope: "operate" },
  params: z.object({ id: uuid }),
  answers: { 200: { description: "The dead letter", body: deadLetterDetail } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => ({
  status: 200,
  body: await findOwnLetter(deps, key, id),
}));
