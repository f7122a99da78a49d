/** Why a record cannot become a payment; docs/events.md says what to do about each. */
export const LETTER_CODES = [
  "tombstone",
  "not_avro",
  "unknown_schema",
  "wrong_schema",
  "payload_malformed",
  "amount_malformed",
  "time_out_of_range",
  "id_invalid",
  "amount_invalid",
  "currency_invalid",
  "time_invalid",
  "event_id_conflict",
  "idempotency_key_conflict",
  "task_has_payment",
  "platform_unknown",
  "value_refused",
] as const;
export type LetterCode = (typeof LETTER_CODES)[number];

export function isLetterCode(code: string): code is LetterCode {
  return (LETTER_CODES as readonly string[]).includes(code);
}
