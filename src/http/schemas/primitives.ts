import assert from "node:assert/strict";
import { z } from "zod";
import { parseMicros } from "../../payment/money.ts";

/** Ids and keys from outside are opaque. */
export const opaqueId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "Give 1 to 128 visible ASCII characters without spaces.")
  .meta({ id: "OpaqueId", description: "1 to 128 visible ASCII characters", example: "task-42" });

export const uuid = z
  .guid("Give a UUID.")
  .toLowerCase()
  .meta({ description: "A UUID", example: "5a1c2f0e-8a54-4e0b-9d53-0c7f5f7a0b11" });

export const txHash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "Give a transaction's hash: 0x and 64 hex digits.")
  .toLowerCase()
  .meta({
    description: "A transaction's hash",
    example: "0x7d2b1f0e5c4a39881d6e2f7b3c5a49e0f1826d3b7c9a50e4f6182b3d5c7a9e01",
  });

/** What a person writes: more than blanks, and without NUL, which no text of Postgres can hold. */
export const prose = (rule: string, charactersMax: number) =>
  z
    .string()
    // oxlint-disable-next-line no-control-regex -- NUL is what this is about
    .regex(/^\s*[^\s\x00][^\x00]*$/, rule)
    .max(charactersMax, `Give at most ${charactersMax.toLocaleString("en")} characters.`)
    .trim();

/** 14 digits and 6 decimals, as the ledger has room for; not zero. */
const AMOUNT = /^(?!0+(?:\.0+)?$)[0-9]{1,14}(?:\.[0-9]{1,6})?$/;

const AMOUNT_RULE =
  'Write an amount as a string above zero with at most 14 digits and 6 decimals, such as "50" or "50.250000".';

/** In: a string, because a JSON number would lose somebody's money on the way. */
export const amountIn = z
  .string(AMOUNT_RULE)
  .regex(AMOUNT, AMOUNT_RULE)
  .transform((text) => {
    const micros = parseMicros(text);
    assert(micros, "the pattern lets nothing else through");
    return micros;
  })
  .meta({
    id: "AmountIn",
    description: "A decimal string with at most 6 decimals, above zero. JSON numbers are refused.",
    example: "50.25",
  });

/** Out: always six decimals. */
export const amount = z.string().meta({
  id: "Amount",
  pattern: "^\\d+\\.\\d{6}$",
  description: "A decimal string with exactly 6 decimals",
  example: "50.250000",
});

export const currencyIn = z
  .string()
  .regex(/^[\x21-\x7e]{1,16}$/, "Name a currency, such as USDC.")
  .meta({ description: "USDC or EURC; a payment in another one fails", example: "USDC" });

const TIME_RULE = 'Write a time as RFC 3339 has it, such as "2026-03-01T12:00:00.000Z".';

export const timeIn = z.iso
  .datetime({ offset: true, error: TIME_RULE })
  .transform((text, context) => {
    const time = new Date(text);
    if (!Number.isNaN(time.getTime()) && time.getUTCFullYear() >= 1) return time;
    context.issues.push({ code: "custom", message: TIME_RULE, input: text });
    return z.NEVER;
  })
  .meta({ description: "RFC 3339", example: "2026-03-01T12:00:00.000Z" });

export const time = z.string().meta({
  id: "Time",
  format: "date-time",
  description: "RFC 3339 in UTC with milliseconds",
  example: "2026-03-01T12:00:00.000Z",
});

/** What a column of Postgres' `integer` holds. */
const INTEGER_MAX = 2_147_483_647;

export const generation = z.int().min(1).max(INTEGER_MAX).meta({
  description: "1, and one more with each retry of the failed payment",
  example: 1,
});

const LIMIT_RULE = "Give a whole number from 1 to 100.";

export const limit = z
  .string()
  .refine((text) => /^(?:[1-9]\d?|100)$/.test(text), LIMIT_RULE)
  .transform(Number)
  .default(25)
  .meta({
    override: { type: "integer", minimum: 1, maximum: 100, default: 25 },
    description: "How many at most",
  });

export const CURSOR_MEANS = "`nextCursor` of the page before";
export const CURSOR_RULE = "Take nextCursor of the page before, unchanged.";

/** Of a list of what is never deleted: the last row of a page is a place that stays. */
export const cursor = z
  .guid(CURSOR_RULE)
  .toLowerCase()
  .optional()
  .meta({ description: CURSOR_MEANS });

/** A page of these, newest first. There is no total: it would be wrong by the time it is read. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "Null on the last page" }),
  });
}
