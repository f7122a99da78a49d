import { z } from "zod";
import type { Page } from "../transactions/transaction-store.ts";
import { circleError, invalidParameters } from "./circle-error.ts";
import { parse, uuid } from "./parse.ts";

const PAGE_SIZE_DEFAULT = 10;
/** A larger size is cut down to this, as the documents say of collection limits. */
const PAGE_SIZE_MAX = 50;

const pageQuery = z.object({
  order: z.enum(["ASC", "DESC"]).default("DESC"),
  pageSize: z.coerce.number().int().min(1).default(PAGE_SIZE_DEFAULT),
  pageBefore: z.string().optional(),
  pageAfter: z.string().optional(),
});

/** The paging of a list request. Throws 156014 for a cursor that is no UUID. */
export function pageOf(query: Readonly<Record<string, string>>): Page {
  const { order, pageSize, pageBefore, pageAfter } = parse(pageQuery, query, "query");
  for (const cursor of [pageBefore, pageAfter]) {
    if (cursor !== undefined && !uuid.safeParse(cursor).success) throw circleError(156014);
  }
  if (pageBefore !== undefined && pageAfter !== undefined) {
    const message = "pageBefore and pageAfter exclude each other";
    const field = "pageBefore";
    throw invalidParameters([{ error: "not_required", message, location: "query", field }]);
  }
  const size = Math.min(pageSize, PAGE_SIZE_MAX);
  return { order, size, before: pageBefore?.toLowerCase(), after: pageAfter?.toLowerCase() };
}

/** One page of a short list that is in order of creation. */
export function pageItems<T extends { readonly id: string }>(items: readonly T[], page: Page): T[] {
  const ordered = page.order === "ASC" ? [...items] : items.toReversed();
  const cursor = page.before ?? page.after;
  const at = ordered.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && at < 0) throw circleError(156012);
  if (page.before !== undefined) return ordered.slice(Math.max(0, at - page.size), at);
  return ordered.slice(at + 1, at + 1 + page.size);
}
