import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import {
  DEAD_LETTER_STATUSES,
  listDeadLetters as readLetters,
} from "../../queries/list-dead-letters.ts";
import { defineRoute } from "../route.ts";
import { deadLetter } from "../schemas/operating.ts";
import { cursor, limit, opaqueId, pageOf } from "../schemas/primitives.ts";

export const listDeadLetters = defineRoute({
  method: "GET",
  path: "/v1/dead-letters",
  operationId: "listDeadLetters",
  tag: "Operating",
  summary: "List dead letters",
  description: "Records that could not become payments, newest first, without their bytes.",
  access: { scope: "operate" },
  query: z.strictObject({
    status: z
      .enum(DEAD_LETTER_STATUSES)
      .optional()
      .meta({ description: "Only those that stand so" }),
    code: opaqueId.optional().meta({ description: "Only those refused for this" }),
    platformId: opaqueId.optional().meta({ description: "Only this platform's" }),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: "A page of dead letters",
      body: pageOf(deadLetter).meta({ id: "DeadLetterPage" }),
      csv: true,
    },
  },
  problems: [],
})(async ({ deps, key, query: { limit, cursor, ...filter } }) => {
  const platformId = key.platformId ?? filter.platformId;
  if (filter.platformId !== undefined && filter.platformId !== platformId) {
    return { status: 200, body: { data: [], nextCursor: null } };
  }
  const body = await askDatabase(() =>
    readLetters(deps.pool, { ...filter, platformId }, { limit, cursor }),
  );
  return { status: 200, body };
});
