import type { Logger } from "../log.ts";
import type { CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { translateReadError } from "./translate-error.ts";

/** The account's own wallets on this chain, by address; what a plain transfer can be sent from. */
export interface AccountWallets {
  /** Whether it is known to be one. One that is not known is looked up meanwhile, so that a later look may find it. */
  has(address: string): boolean;
  idOf(address: string): string | undefined;
  /** Looks one up; throws as `translateReadError` says. */
  find(address: string, signal: AbortSignal): Promise<string | undefined>;
  /** Reads them all, as far as a bound; throws as `translateReadError` says. */
  load(signal: AbortSignal): Promise<void>;
}

export interface AccountWalletsDeps {
  readonly client: CircleClient;
  readonly gets: Pacer;
  readonly log: Logger;
  /** Circle's name of the chain. */
  readonly blockchain: string;
}

const PAGE_SIZE = 50;
/** 1,000 wallets in a second's worth of GETs; any further one is looked up when it is asked for. */
const PAGES_MAX = 20;
/** A platform whose wallet is not ours asks with every payment. */
const AGAIN_AFTER_MS = 1_000;
/** Addresses that were asked for in vain; beyond that the memory of when is worth nothing. */
const ASKED_MAX = 1_000;
const LOOK_TIMEOUT_MS = 10_000;

export function createAccountWallets(deps: AccountWalletsDeps): AccountWallets {
  const { client, gets, log, blockchain } = deps;
  const known = new Map<string, string>();
  const askedAtMs = new Map<string, number>();

  const read = async (query: Record<string, unknown>, signal: AbortSignal) => {
    await gets.take(signal);
    const page = { blockchain: blockchain as "ARC" | "ARC-TESTNET", pageSize: PAGE_SIZE, ...query };
    const { data } = await client.call((sdk) => sdk.listWallets(page), signal);
    const wallets = data?.wallets ?? [];
    for (const { id, address, state } of wallets) {
      // A frozen one can send nothing; its payments wait for its platform like those of a wallet that is not there.
      if (state === "LIVE") known.set(address.toLowerCase(), id);
    }
    return wallets;
  };

  async function find(address: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      await read({ address }, signal);
    } catch (error) {
      throw translateReadError(error);
    }
    return known.get(address);
  }

  async function lookUp(address: string): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - (askedAtMs.get(address) ?? -Infinity) < AGAIN_AFTER_MS) return;
    if (askedAtMs.size >= ASKED_MAX) askedAtMs.clear();
    askedAtMs.set(address, nowMs);
    try {
      const id = await find(address, AbortSignal.timeout(LOOK_TIMEOUT_MS));
      if (id !== undefined) log.info({ address }, "a wallet of this Circle account");
    } catch (err) {
      log.warn({ err, address }, "a wallet could not be looked up");
    }
  }

  return {
    has(address) {
      const isKnown = known.has(address);
      if (!isKnown) void lookUp(address);
      return isKnown;
    },
    idOf: (address) => known.get(address),
    find,
    async load(signal) {
      try {
        let pageAfter: string | undefined;
        for (let page = 0; page < PAGES_MAX; page += 1) {
          const wallets = await read(pageAfter === undefined ? {} : { pageAfter }, signal);
          if (wallets.length < PAGE_SIZE) return;
          pageAfter = wallets.at(-1)?.id;
        }
      } catch (error) {
        throw translateReadError(error);
      }
    },
  };
}
