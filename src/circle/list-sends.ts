import { HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import { z } from "zod";
import type { CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { circleTransaction, type CircleTransaction } from "./report-state.ts";
import { translateReadError } from "./translate-error.ts";

const PAGE_SIZE = 50;
/** 40 s of an account at full speed: what is in flight and well is among them. */
const PAGES_MAX = 4;
/** What the list did not reach (stuck behind newer ones, or not listed yet) is read by id; a second's worth of GETs. */
const SINGLES_MAX = 20;

export interface ListDeps {
  readonly client: CircleClient;
  readonly gets: Pacer;
  readonly walletIds: readonly string[];
}

/**
 * Circle's word on its transactions `ids`, none of them older than `from`: one list, newest first, for all that is in
 * flight. What Circle does not know is left out. Throws as `translateReadError` says.
 */
export async function listSends(
  deps: ListDeps,
  ids: readonly string[],
  from: Date,
  signal: AbortSignal,
): Promise<Map<string, CircleTransaction>> {
  const found = new Map<string, CircleTransaction>();
  const missing = () => ids.filter((id) => !found.has(id));
  try {
    let pageAfter: string | undefined;
    for (let page = 0; page < PAGES_MAX && missing().length > 0; page += 1) {
      const listed = await readPage(deps, { from: from.toISOString(), pageAfter }, signal);
      for (const transaction of listed) found.set(transaction.id, transaction);
      if (listed.length < PAGE_SIZE) break;
      pageAfter = listed.at(-1)?.id;
    }
    for (const id of missing().slice(0, SINGLES_MAX)) {
      const transaction = await readOne(deps, id, signal);
      if (transaction) found.set(id, transaction);
    }
  } catch (error) {
    throw translateReadError(error);
  }
  return found;
}

async function readPage(
  { client, gets, walletIds }: ListDeps,
  { from, pageAfter }: { from: string; pageAfter: string | undefined },
  signal: AbortSignal,
): Promise<CircleTransaction[]> {
  await gets.take(signal);
  const page = {
    walletIds: [...walletIds],
    from,
    pageSize: PAGE_SIZE,
    ...(pageAfter !== undefined && { pageAfter }),
  };
  const { data } = await client.call((sdk) => sdk.listTransactions(page), signal);
  return z.array(circleTransaction).parse(data?.transactions ?? []);
}

/** A transfer that was posted and whose id is not known. */
export interface LostTransfer {
  readonly refId: string;
  readonly walletId: string;
  readonly destinationAddress: string;
  readonly from: Date;
}

/**
 * Circle's transaction of a refId. Circle knows no filter by refId or key: the wallet's transactions to that address
 * are listed since the time given, newest first, and matched here. Undefined: not among the newest 200. Throws as
 * `translateReadError` says.
 */
export async function findTransfer(
  deps: Pick<ListDeps, "client" | "gets">,
  lost: LostTransfer,
  signal: AbortSignal,
): Promise<CircleTransaction | undefined> {
  for await (const page of listTransfers(deps, lost, signal)) {
    const found = page.find(({ refId }) => refId === lost.refId);
    if (found) return found;
  }
  return undefined;
}

/** A wallet's transactions to an address since a moment, newest first, page by page, at most 200. Throws as above. */
export async function* listTransfers(
  { client, gets }: Pick<ListDeps, "client" | "gets">,
  { walletId, destinationAddress, from }: Omit<LostTransfer, "refId">,
  signal: AbortSignal,
): AsyncGenerator<readonly CircleTransaction[]> {
  const filter = { walletIds: [walletId], destinationAddress, from: from.toISOString() };
  let pageAfter: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    await gets.take(signal);
    const query = { ...filter, pageSize: PAGE_SIZE, ...(pageAfter !== undefined && { pageAfter }) };
    const listed = await client
      .call((sdk) => sdk.listTransactions(query), signal)
      .then(({ data }) => z.array(circleTransaction).parse(data?.transactions ?? []))
      .catch((error: unknown) => {
        throw translateReadError(error);
      });
    yield listed;
    if (listed.length < PAGE_SIZE) return;
    pageAfter = listed.at(-1)?.id;
  }
}

async function readOne(
  { client, gets }: ListDeps,
  id: string,
  signal: AbortSignal,
): Promise<CircleTransaction | undefined> {
  await gets.take(signal);
  try {
    const { data } = await client.call((sdk) => sdk.getTransaction({ id }), signal);
    return circleTransaction.parse(data?.transaction);
  } catch (error) {
    if (error instanceof HttpResponseError && error.status === 404) return undefined;
    throw error;
  }
}
