import { z } from "zod";
import { acceptBulk } from "../../acceptance/accept-bulk.ts";
import type { ApiKey } from "../../keys/find-key.ts";
import type { Submission } from "../../payment/submission.ts";
import { owns } from "../own-platform.ts";
import { placesOf } from "../request-errors.ts";
import { defineRoute } from "../route.ts";
import { bulk, bulkIn, bulkItem } from "../schemas/bulk.ts";
import { submissionOf } from "../submission-of.ts";

const NO_PLATFORM = { code: "not_found", message: "There is no such platform." } as const;

/** GigStream's executeBulkPayments. */
export const createBulk = defineRoute({
  method: "POST",
  path: "/v1/payments/bulk",
  operationId: "createBulk",
  tag: "Payments",
  summary: "Pay up to 500 completed tasks",
  description:
    "Items are independent: each has its own outcome, in order, whatever becomes of its neighbours. Repeating the call is safe: what was accepted is a duplicate then. `bulkId` finds the payments again.",
  access: { scope: "payments:write" },
  headers: z.object({
    traceparent: z.string().optional().meta({ description: "W3C trace context" }),
  }),
  body: bulkIn,
  answers: { 202: { description: "What became of each item", body: bulk } },
  problems: [],
})(async ({ deps, key, headers, body }) => {
  const items = body.items.map((item) => decode(item, key));
  const { traceparent } = headers;
  const result = await acceptBulk(deps.accept, { items, traceparent });
  const results = result.results.map((item) => ({ ...item, problem: shown(item.problem) }));
  return { status: 202, body: { ...result, results } };
});

function decode(item: unknown, key: ApiKey): Submission["decoded"] {
  const { success, data, error } = bulkItem.safeParse(item);
  if (!success) {
    const [place] = error.issues.flatMap((issue) => placesOf("body", issue));
    const message = `${place?.pointer ?? ""}: ${place?.detail ?? "It is malformed."}`;
    return { ok: false, code: "invalid_request", message };
  }
  if (!owns(key, data.platformId)) return { ok: false, ...NO_PLATFORM };
  const { idempotencyKey, ...task } = data;
  return submissionOf(task, { idempotencyKey }).decoded;
}

/** A platform that there is not, and another's, are the same to whoever asks. */
function shown<P extends { code: string; message: string; field: string | null }>(
  problem: P | null,
) {
  return problem?.code === "platform_unknown" ? { ...NO_PLATFORM, field: null } : problem;
}
