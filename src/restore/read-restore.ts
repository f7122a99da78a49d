import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";

export interface OpenRestore {
  readonly id: bigint;
  readonly detectedAt: Date;
  /** By kind and subject. */
  readonly signs: Readonly<Record<string, unknown>>;
  readonly topicsReadAt: Date | null;
  readonly outcomesAdopted: bigint;
}

export interface RestoreState {
  /** Noticed or declared, and not yet closed by an operator. */
  readonly open: OpenRestore | null;
  /** How many were closed in the last day: one more means that evidence which waited for it is due. */
  readonly closedOfLate: number;
  readonly restoredAt: Date | null;
}

const stateRow = z.object({
  id: z.bigint().nullable(),
  detected_at: z.date().nullable(),
  signs: z.record(z.string(), z.unknown()).nullable(),
  topics_read_at: z.date().nullable(),
  outcomes_adopted: z.bigint().nullable(),
  closed_of_late: z.bigint(),
  restored_at: z.date().nullable(),
});

/** What all instances agree on; throws DATABASE_*. */
export async function readRestore(db: CommonQueryMethods): Promise<RestoreState> {
  const row = await askDatabase(() =>
    db.one(sql.prepared("restore-read", stateRow)`
      SELECT r.id, r.detected_at, r.signs, r.topics_read_at, r.outcomes_adopted,
        (SELECT count(*) FROM restores WHERE closed_at > payment_now() - interval '1 day') AS closed_of_late,
        (SELECT restored_at FROM deployment) AS restored_at
      FROM (SELECT 1) one LEFT JOIN restores r ON r.closed_at IS NULL
    `),
  );
  const { id, detected_at: detectedAt, signs, outcomes_adopted: outcomesAdopted } = row;
  const open =
    id === null || detectedAt === null || signs === null || outcomesAdopted === null
      ? null
      : {
          id,
          detectedAt,
          signs,
          topicsReadAt: row.topics_read_at,
          outcomesAdopted,
        };
  return { open, closedOfLate: Number(row.closed_of_late), restoredAt: row.restored_at };
}
