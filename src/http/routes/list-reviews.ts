import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { listReviews as readReviews, REVIEW_CURSOR } from "../../queries/list-reviews.ts";
import { defineRoute } from "../route.ts";
import { review } from "../schemas/payment.ts";
import { CURSOR_MEANS, CURSOR_RULE, limit, opaqueId, pageOf } from "../schemas/primitives.ts";

export const listReviews = defineRoute({
  method: "GET",
  path: "/v1/reviews",
  operationId: "listReviews",
  tag: "Operating",
  summary: "List payments in review",
  description: "The oldest doubt first, each with what it is and what to do.",
  access: { scope: "operate" },
  query: z.strictObject({
    code: opaqueId.optional().meta({ description: "Only this kind of doubt" }),
    platformId: opaqueId.optional().meta({ description: "Only this platform's" }),
    limit,
    cursor: z
      .string()
      .regex(REVIEW_CURSOR, CURSOR_RULE)
      .optional()
      .meta({ description: CURSOR_MEANS }),
  }),
  answers: {
    200: {
      description: "A page of payments in doubt",
      body: pageOf(review).meta({ id: "ReviewPage" }),
    },
  },
  problems: [],
})(async ({ deps, key, query: { limit, cursor, code, platformId: asked } }) => {
  const platformId = key.platformId ?? asked;
  if (asked !== undefined && asked !== platformId) {
    return { status: 200, body: { data: [], nextCursor: null } };
  }
  const { pool, explorerUrl } = deps;
  const body = await askDatabase(() =>
    readReviews(pool, { code, platformId }, { limit, cursor, explorerUrl }),
  );
  return { status: 200, body };
});
