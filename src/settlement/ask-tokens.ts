import { sql } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import type { Database } from "../database/pool.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import { parseMicros } from "../payment/money.ts";
import type { RefusedLog } from "../payment/pay-once-log.ts";
import {
  looksBlocked,
  refusalCause,
  type RefusalCause,
  type TokenAnswers,
} from "../payment/refusal.ts";
import { answerWithin } from "./answer-within.ts";
import type { PlacedLog } from "./judge-logs.ts";

/** What settling may ask about a token, before its transaction; both throw when they got no answer. */
export interface TokenQuestions {
  isBlocked(token: string, account: string): Promise<boolean>;
  read(
    pairs: readonly { payer: string; token: string }[],
    signal: AbortSignal,
  ): Promise<readonly { readonly balance: bigint; readonly allowance: bigint }[]>;
}

export type CauseOf = (log: RefusedLog) => RefusalCause;

/** Neighbours in the same block wait for the answers; without one a refusal is a try, which does no harm. */
const ANSWER_TIMEOUT_MS = 1_000;
/** Per call of settle: what is beyond is taken for unanswered. */
const QUESTIONS_MAX = 64;

const termsRow = z.object({
  id: z.string(),
  payer: z.string(),
  recipient: z.string(),
  token: z.string(),
  net: z.string().transform((text) => parseMicros(text) ?? 0n),
});
type RefusedTerms = z.infer<typeof termsRow>;

interface Asked extends TokenAnswers {
  readonly amount: bigint;
}

/** Asks the tokens why they refused; the answer maps each Refused log to its cause. */
export async function askTokens(
  { pool, chain }: { readonly pool: Database; readonly chain: TokenQuestions },
  places: readonly PlacedLog[],
): Promise<CauseOf> {
  const refused = places.flatMap(({ log }) => (log.kind === "refused" ? [log] : []));
  if (refused.length === 0) return () => "unknown";
  const blockedIds = new Set(
    refused.filter(({ reason }) => looksBlocked(reason)).map(({ ref }) => paymentIdOfRef(ref)),
  );
  const terms = await readTerms(pool, refused);
  const accounts = new Map<string, Promise<boolean | undefined>>();
  const isBlocked = (token: string, account: string) => {
    const key = `${token} ${account}`;
    const known = accounts.get(key);
    if (known || accounts.size >= QUESTIONS_MAX) return known;
    const asked = answerWithin(chain.isBlocked(token, account), ANSWER_TIMEOUT_MS);
    accounts.set(key, asked);
    return asked;
  };
  const funds = readAvailable(
    chain,
    terms.filter(({ id }) => !blockedIds.has(id)),
  );
  const answers = terms.map(async (row): Promise<[string, Asked]> => {
    if (!blockedIds.has(row.id)) {
      const available = (await funds).get(`${row.token} ${row.payer}`);
      return [row.id, { amount: row.net, available }];
    }
    const [recipientBlocked, payerBlocked] = await Promise.all([
      isBlocked(row.token, row.recipient),
      isBlocked(row.token, row.payer),
    ]);
    return [row.id, { amount: row.net, recipientBlocked, payerBlocked }];
  });
  const answered = new Map(await Promise.all(answers));
  return ({ ref, reason }) => {
    const asked = answered.get(paymentIdOfRef(ref) ?? "");
    return asked ? refusalCause(reason, asked.amount, asked) : "unknown";
  };
}

async function readTerms(
  pool: Database,
  refused: readonly RefusedLog[],
): Promise<readonly RefusedTerms[]> {
  const ids = refused.flatMap(({ ref }) => paymentIdOfRef(ref) ?? []);
  return askDatabase(() =>
    pool.any(sql.type(termsRow)`
      SELECT id, payer, recipient, token, net_amount AS net FROM payments
      WHERE id = ANY(${sql.array(ids, "uuid")}) AND intent = 'pay' AND transaction_id IS NOT NULL
    `),
  );
}

async function readAvailable(
  chain: TokenQuestions,
  terms: readonly RefusedTerms[],
): Promise<ReadonlyMap<string, bigint>> {
  const pairs = new Map(
    terms.map(({ payer, token }) => [`${token} ${payer}`, { payer, token }] as const),
  );
  const asked = [...pairs].slice(0, QUESTIONS_MAX);
  if (asked.length === 0) return new Map();
  const reading = chain.read(
    asked.map(([, pair]) => pair),
    AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  );
  const funds = await answerWithin(reading, ANSWER_TIMEOUT_MS);
  return new Map(
    asked.flatMap(([key], index) => {
      const answer = funds?.[index];
      if (!answer) return [];
      return [[key, answer.balance < answer.allowance ? answer.balance : answer.allowance]];
    }),
  );
}
