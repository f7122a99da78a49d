import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import { alarmAction } from "../payment/alarm.ts";
import type { Verdict } from "../payment/evidence.ts";
import type { Decision, Judgement } from "./judge-logs.ts";

interface AuditEntry {
  readonly action: string;
  readonly paymentId: string | null;
  readonly generation: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One entry per decision about a payment and per alarm, in log order. */
export async function writeAudit(tx: Transaction, judgement: Judgement): Promise<void> {
  const entries: AuditEntry[] = [
    ...judgement.decisions.flatMap(entryOf),
    ...judgement.alarms.map(({ kind, ...alarm }) => ({ ...alarm, action: alarmAction(kind) })),
  ];
  if (entries.length === 0) return;
  await tx.query(sql.prepared("settle-write-audit", anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    SELECT 'system', a.action, a.payment_id, a.generation, a.details::jsonb
    FROM unnest(
      ${sql.array(
        entries.map(({ action }) => action),
        "text",
      )},
      ${sql.array(
        entries.map(({ paymentId }) => paymentId),
        "uuid",
      )},
      ${sql.array(
        entries.map(({ generation }) => generation),
        "int4",
      )},
      ${sql.array(
        entries.map(({ details }) => JSON.stringify(details)),
        "text",
      )}
    ) WITH ORDINALITY AS a (action, payment_id, generation, details, place)
    ORDER BY a.place
  `);
}

function entryOf({ verdict, evidence, draft }: Decision): AuditEntry[] {
  const action = actionOf(verdict);
  if (!action) return [];
  const details = { ...evidence, ...detailsOf(verdict) };
  return [{ action, paymentId: draft.id, generation: draft.generation, details }];
}

function actionOf(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case "complete":
      return "payment.completed";
    case "fail":
      return "payment.failed";
    case "retry":
      return "payment.retry";
    case "void":
      return "payment.voiding";
    case "doubt":
    case "unproven":
      return "payment.review";
    case "wait":
    case "alarm":
    case "ignore":
      return null;
  }
}

function detailsOf(verdict: Verdict): Record<string, unknown> {
  switch (verdict.kind) {
    case "fail":
    case "void":
      return { code: verdict.failure.code, message: verdict.failure.message };
    case "retry":
      return { tries: verdict.tries, delayMs: verdict.delayMs };
    case "doubt":
    case "unproven":
      return { reason: verdict.reason };
    default:
      return {};
  }
}
