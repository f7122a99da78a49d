import type { Statement } from "../../support/tap-postgres.ts";

/** The statements of one transaction, BEGIN and COMMIT among them, or one that stood alone: each is a round trip. */
export type Unit = readonly Statement[];

const BEGINS = /^\s*(BEGIN|START TRANSACTION)/i;
const ENDS = /^\s*(COMMIT|ROLLBACK)\s*$/i;

/** What was asked, taken apart into transactions, session by session. */
export function unitsOf(statements: readonly Statement[]): readonly Unit[] {
  const open = new Map<object, Statement[]>();
  const units: Unit[] = [];
  for (const statement of statements) {
    const { session, text } = statement;
    if (BEGINS.test(text)) open.set(session, []);
    const unit = open.get(session);
    if (!unit) {
      units.push([statement]);
      continue;
    }
    unit.push(statement);
    if (!ENDS.test(text)) continue;
    open.delete(session);
    units.push(unit);
  }
  return units;
}

export function has(unit: Unit, name: string): boolean {
  return unit.some((statement) => statement.name === name);
}

/** What is asked over and over while time passes, work or none: how often says how long a run took. */
const LOOKS = new RegExp(
  [
    // Whether there is anything to do.
    "^(dispatch-lane-status|dispatch-due-queues|relay-read-unpublished|acceptance-recheck-due|follow-open-sends)$",
    "^(webhooks-|restore-|live-|settle-sweep-stored|settle-announced-paid)",
    // The same of what is not prepared: the cursor, the numbering, doubts, sends that are empty, idle blocks, bells.
    "SELECT block_number, block_hash FROM chain_cursors",
    "SELECT EXISTS\\(SELECT FROM live_unnumbered\\)",
    "WITH overdue AS",
    "WITH empty AS",
    "pg_notify",
    // Leases, new sessions, samplers, what is tidied up.
    "^SELECT (1|pg_try_advisory_lock)",
    "pg_control_system",
    "set_config\\('statement_timeout'",
    "INSERT INTO own_offsets",
    "DELETE FROM (live_events|webhook_endpoints)",
    "webhook_(messages|endpoints)",
    "AS published_by_now",
  ].join("|"),
);

/** A transaction is what it begins with. */
export function isLook(unit: Unit): boolean {
  const first = unit.find(({ text }) => !BEGINS.test(text));
  return first !== undefined && LOOKS.test(first.name ?? first.text.trim());
}
