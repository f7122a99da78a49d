import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { circleError } from "../api/circle-error.ts";
import type { ChainClient } from "../chain/chain-client.ts";
import { createWalletSender, type WalletSender } from "../chain/wallet-sender.ts";
import { circleDate, newId } from "../ids.ts";

export interface Wallet {
  readonly id: string;
  readonly address: Address;
  readonly blockchain: string;
  readonly walletSetId: string;
  readonly name: string;
  readonly refId: string;
  readonly createdAtMs: number;
  readonly account: PrivateKeyAccount;
  readonly sender: WalletSender;
}

export interface WalletSet {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
}

/** What a new wallet may be given; a key is made where none is. */
interface NewWallet {
  readonly id?: string | undefined;
  readonly privateKey?: Hex | undefined;
  readonly walletSetId: string;
  readonly name?: string | undefined;
  readonly refId?: string | undefined;
}

export interface WalletStore {
  createSet(name: string): WalletSet;
  /** Throws 156005. */
  getSet(id: string): WalletSet;
  create(wallet: NewWallet): Wallet;
  /** Throws 156001. */
  get(id: string): Wallet;
  /** Throws 156001. */
  byAddress(address: string): Wallet;
  all(): readonly Wallet[];
}

/** Arc's two networks; any other chain id stands in for its testnet. */
export function blockchainOf(chainId: number): string {
  return chainId === 5042 ? "ARC" : "ARC-TESTNET";
}

export function createWalletStore(chain: ChainClient): WalletStore {
  const wallets = new Map<string, Wallet>();
  const sets = new Map<string, WalletSet>();
  const found = (wallet: Wallet | undefined): Wallet => {
    if (wallet === undefined) throw circleError(156001);
    return wallet;
  };
  return {
    createSet(name) {
      const set = { id: newId(5), name, createdAtMs: Date.now() };
      sets.set(set.id, set);
      return set;
    },
    getSet(id) {
      const set = sets.get(id);
      if (set === undefined) throw circleError(156005);
      return set;
    },
    create({ id = newId(5), privateKey = generatePrivateKey(), walletSetId, name, refId }) {
      const account = privateKeyToAccount(privateKey);
      const wallet: Wallet = {
        id: id.toLowerCase(),
        address: account.address,
        blockchain: blockchainOf(chain.chainId),
        walletSetId,
        name: name ?? "",
        refId: refId ?? "",
        createdAtMs: Date.now(),
        account,
        sender: createWalletSender(chain, account),
      };
      wallets.set(wallet.id, wallet);
      return wallet;
    },
    get: (id) => found(wallets.get(id.toLowerCase())),
    byAddress: (address) =>
      found([...wallets.values()].find((w) => w.address.toLowerCase() === address.toLowerCase())),
    all: () => [...wallets.values()],
  };
}

/** A wallet as Circle writes it. Addresses come in lower case, as in live payloads. */
export function walletView(wallet: Wallet): Record<string, unknown> {
  return {
    id: wallet.id,
    state: "LIVE",
    walletSetId: wallet.walletSetId,
    custodyType: "DEVELOPER",
    name: wallet.name,
    refId: wallet.refId,
    address: wallet.address.toLowerCase(),
    blockchain: wallet.blockchain,
    accountType: "EOA",
    createDate: circleDate(wallet.createdAtMs),
    updateDate: circleDate(wallet.createdAtMs),
  };
}

export function walletSetView(set: WalletSet): Record<string, unknown> {
  return {
    id: set.id,
    custodyType: "DEVELOPER",
    name: set.name,
    createDate: circleDate(set.createdAtMs),
    updateDate: circleDate(set.createdAtMs),
  };
}
