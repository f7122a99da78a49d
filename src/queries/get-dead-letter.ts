import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { storedHeaders, type StoredHeaders } from "../database/stored-headers.ts";
import type { TaskCompleted } from "../payment/events.ts";
import { derivedIdempotencyKey } from "../payment/ids.ts";
import { formatMicros } from "../payment/money.ts";
import { deadLetterColumns, deadLetterRow, type DeadLetterView } from "./list-dead-letters.ts";

/** Bytes as they are, and as text where they are nothing but printable text. */
export interface ShownBytes {
  readonly base64: string;
  readonly text: string | null;
}

export interface DeadLetterDetail extends DeadLetterView {
  readonly key: ShownBytes | null;
  readonly value: ShownBytes | null;
  readonly headers: StoredHeaders;
  /** What its bytes say; null where they say nothing that can be read. */
  readonly event: Readonly<Record<string, string | null>> | null;
  /** The wrong or differing field: what the letter says, and what the payment that it contradicts says now. */
  readonly difference: {
    readonly field: string;
    readonly letter: string | null;
    readonly payment: string | null;
  } | null;
  /** What was done with it, oldest first. */
  readonly history: readonly z.infer<typeof historyRow>[];
}

export type Decode = (
  value: Buffer | null,
) => Promise<{ readonly ok: true; readonly event: TaskCompleted } | { readonly ok: false }>;

const bytesRow = deadLetterRow.extend({
  key: z.instanceof(Buffer).nullable(),
  value: z.instanceof(Buffer).nullable(),
  headers: storedHeaders,
});

const historyRow = z.object({
  at: z.date().transform((date) => date.toISOString()),
  actor: z.string(),
  action: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** One dead letter with everything that is known of it; null if there is none. Throws what `decode` throws. */
export async function getDeadLetter(
  db: CommonQueryMethods,
  decode: Decode,
  id: string,
): Promise<DeadLetterDetail | null> {
  const letter = await db.maybeOne(sql.type(bytesRow)`
    SELECT ${deadLetterColumns}, d.key, d.value, d.headers FROM dead_letters d WHERE d.id = ${id}::uuid
  `);
  if (!letter) return null;
  const history = await db.any(sql.type(historyRow)`
    SELECT at, actor, action, details FROM audit_log
    WHERE action LIKE 'dead_letter.%' AND details ->> 'deadLetterId' = ${id} ORDER BY audit_log.id
  `);
  const decoded = await decode(letter.value);
  const event = decoded.ok ? shownEvent(decoded.event) : null;
  const { key, value, ...rest } = letter;
  return {
    ...rest,
    key: shownBytes(key),
    value: shownBytes(value),
    event,
    difference: await differenceOf(db, letter, event),
    history,
  };
}

function shownEvent(event: TaskCompleted): Record<string, string | null> {
  const { amount, occurredAt, ...rest } = event;
  const isTime = !Number.isNaN(occurredAt.getTime());
  return {
    ...rest,
    amount: formatMicros(amount),
    occurredAt: isTime ? occurredAt.toISOString() : null,
  };
}

/** Every control character but tab and line ends makes it no text. */
function shownBytes(bytes: Buffer | null): ShownBytes | null {
  if (bytes === null) return null;
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text).equals(bytes) && !/[^\P{Cc}\t\r\n]/u.test(text);
  return { base64: bytes.toString("base64"), text: isText ? text : null };
}

const identityRow = z.object({
  platformId: z.string(),
  taskId: z.string(),
  workerId: z.string(),
  amount: z.string(),
  currency: z.string(),
  idempotencyKey: z.string(),
  eventId: z.string(),
});

async function differenceOf(
  db: CommonQueryMethods,
  { field, paymentId }: DeadLetterView,
  event: Readonly<Record<string, string | null>> | null,
): Promise<DeadLetterDetail["difference"]> {
  if (field === null) return null;
  const payment =
    paymentId === null
      ? null
      : await db.maybeOne(sql.type(identityRow)`
          SELECT platform_id AS "platformId", task_id AS "taskId", worker_id AS "workerId", amount::text, currency,
            idempotency_key AS "idempotencyKey", source_event_id AS "eventId"
          FROM payments WHERE id = ${paymentId}::uuid
        `);
  const said = event?.[field] ?? derivedValue(field, event);
  const known = identityRow.keyof().safeParse(field);
  return { field, letter: said, payment: (payment && known.data && payment[known.data]) ?? null };
}

/** A caller who gives no key means the derived one. */
function derivedValue(
  field: string,
  event: Readonly<Record<string, string | null>> | null,
): string | null {
  if (field !== "idempotencyKey" || !event) return null;
  return derivedIdempotencyKey(event["taskId"] ?? "", event["workerId"] ?? "");
}
