import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { listAudit as readAudit } from "../../queries/list-audit.ts";
import { defineRoute } from "../route.ts";
import { auditEntry } from "../schemas/operating.ts";
import { CURSOR_MEANS, CURSOR_RULE, limit, opaqueId, pageOf, uuid } from "../schemas/primitives.ts";

export const listAudit = defineRoute({
  method: "GET",
  path: "/v1/audit",
  operationId: "listAudit",
  tag: "Operating",
  summary: "List the audit log",
  description:
    "Who did what and why, newest first; nothing in it is ever changed. A key of one platform sees what concerns that platform and its payments.",
  access: { scope: "operate" },
  query: z.strictObject({
    paymentId: uuid.optional().meta({ description: "Only what concerns this payment" }),
    action: opaqueId.optional().meta({ description: "Only acts of this kind" }),
    limit,
    cursor: z
      .string()
      .regex(/^[0-9]{1,18}$/, CURSOR_RULE)
      .optional()
      .meta({ description: CURSOR_MEANS }),
  }),
  answers: {
    200: { description: "A page of the log", body: pageOf(auditEntry).meta({ id: "AuditPage" }) },
  },
  problems: [],
})(async ({ deps, key, query: { limit, cursor, ...filter } }) => {
  const platformId = key.platformId ?? undefined;
  const before = cursor === undefined ? null : BigInt(cursor);
  const body = await askDatabase(() =>
    readAudit(deps.pool, { ...filter, platformId }, { limit, before }),
  );
  return { status: 200, body };
});
