import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "./database/pool.ts";
import { askDatabase } from "./database/translate-error.ts";
import { PaymentError } from "./errors.ts";
import { failpoint } from "./failpoint.ts";
import type { RailName } from "./payment/events.ts";
import { NO_CONTRACT } from "./payment/method.ts";

const row = z.object({ chain_id: z.bigint(), pay_once: z.string() });

/**
 * Binds this database to its chain and PayOnce instance at the first start, and refuses any other afterwards: a new
 * instance has empty slots, and would pay everything again that is still open. One that was put in the old one's place and
 * knows nothing yet is bound too, as restored where that was noticed first. Throws DEPLOYMENT_MISMATCH (reject).
 */
export async function bindDeployment(
  db: Database,
  instance: { chainId: number; payOnce: string },
): Promise<void> {
  await failpoint("deployment.before_bind");
  const bound = await askDatabase(() =>
    db.one(sql.type(row)`
      INSERT INTO deployment (chain_id, pay_once, restored_at)
      SELECT ${instance.chainId}, ${instance.payOnce}, max(coalesce(closed_at, detected_at))
      FROM restores WHERE verdict IS DISTINCT FROM 'dismissed'
      ON CONFLICT (only_row) DO UPDATE SET only_row = true
      RETURNING chain_id, pay_once
    `),
  );
  await failpoint("deployment.bound");
  if (Number(bound.chain_id) === instance.chainId && bound.pay_once === instance.payOnce) return;
  if ((bound.pay_once === NO_CONTRACT) !== (instance.payOnce === NO_CONTRACT)) {
    const [is, asked] =
      bound.pay_once === NO_CONTRACT ? ["transfer", "payonce"] : ["payonce", "transfer"];
    throw new PaymentError(
      "DEPLOYMENT_MISMATCH",
      "reject",
      `This database belongs to PAYMENT_METHOD=${is}, not ${asked}: what one of them has sent, the other cannot keep from being paid again. Use another database.`,
    );
  }
  throw new PaymentError(
    "DEPLOYMENT_MISMATCH",
    "reject",
    `This database belongs to PayOnce ${bound.pay_once} on chain ${bound.chain_id}, not to ${instance.payOnce} on ${instance.chainId}: correct PAY_ONCE_ADDRESS and ARC_CHAIN_ID, or use another database.`,
  );
}

const countRow = z.object({ count: z.bigint() });

/** How many payments wait for, or travel by, another rail than this deployment's: nobody here sends them again. */
export async function countOfOtherRails(db: Database, rail: RailName): Promise<number> {
  const other: RailName = rail === "arc" ? "circle" : "arc";
  const { count } = await askDatabase(() =>
    db.one(sql.type(countRow)`
      SELECT (SELECT count(*) FROM payments WHERE intent IN ('pay', 'void') AND rail = ${other} AND transaction_id IS NULL)
        + (SELECT coalesce(sum(item_count), 0)::int8 FROM transactions WHERE state = 'open' AND rail = ${other}) AS count
    `),
  );
  return Number(count);
}
