import { askDatabase } from "../database/translate-error.ts";
import type { ApiKey } from "../keys/find-key.ts";
import {
  listPayments,
  type Page,
  type PaymentFilter,
  type PaymentPage,
} from "../queries/list-payments.ts";
import type { ApiDeps } from "./api-deps.ts";

/** A page of those payments that this key may see; asked for another platform's, it sees none. */
export async function pageOfPayments(
  deps: ApiDeps,
  key: ApiKey,
  { limit, cursor, ...filter }: PaymentFilter & Page,
): Promise<PaymentPage> {
  const platformId = key.platformId ?? filter.platformId;
  if (filter.platformId !== undefined && filter.platformId !== platformId) {
    return { data: [], nextCursor: null };
  }
  const { explorerUrl, pool } = deps;
  return askDatabase(() =>
    listPayments(pool, { ...filter, platformId }, { limit, cursor, explorerUrl }),
  );
}
