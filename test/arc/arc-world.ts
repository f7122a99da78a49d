import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { startChain } from "../../sandbox/chain/start-chain.ts";
import { anvilClient } from "../../sandbox/chain/transact.ts";
import { createChainReader } from "../../src/arc/chain-reader.ts";
import { createArcLane } from "../../src/arc/lane.ts";
import { createPayOnceCalls } from "../../src/arc/pay-once.ts";
import type { StrayLog } from "../../src/arc/read-logs.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { localSigner } from "../../src/arc/signer.ts";
import type { Lane, PayItem, SendTicket, StoredSend } from "../../src/dispatch/rail.ts";

export const SIGNAL = new AbortController().signal;
const MONEY = 1_000_000_000_000n;
const ETHER = 10n ** 18n;

export type ArcWorld = Awaited<ReturnType<typeof startArcWorld>>;

/** PayOnce on a chain whose blocks the test makes, with one operator wallet and a payer who has money and has approved it. */
export async function startArcWorld() {
  const chain = await startChain({ blockTimeMs: null });
  const anvil = anvilClient(chain.rpcUrl);
  const [operatorKey, payerKey] = [generatePrivateKey(), generatePrivateKey()];
  const signer = localSigner(operatorKey);
  const payer = privateKeyToAccount(payerKey).address;
  const operator = privateKeyToAccount(operatorKey).address;
  const deployed = await chain.deployPayOnce({ admin: chain.admin.address, operators: [operator] });
  const payOnce = deployed.toLowerCase();
  await chain.fund(payer, { usdc: MONEY, native: ETHER });
  await chain.approve(payerKey, "USDC", deployed, MONEY);
  await chain.fund(operator, { native: 100n * ETHER });
  await anvil.setAutomine(false);
  const strays: StrayLog[] = [];
  const onStray = (stray: StrayLog) => void strays.push(stray);
  const log = pino({ level: "silent" });
  const rpcAt = (...urls: readonly string[]) => createRpc({ urls, roundPauseMs: 1 });
  const rpc = rpcAt(chain.rpcUrl);
  return {
    chain,
    anvil,
    payOnce,
    operator: signer.address,
    payer: payer.toLowerCase(),
    payerKey,
    token: chain.tokens.USDC.toLowerCase(),
    strays,
    rpc,
    rpcAt,
    calls: createPayOnceCalls(),
    readerAt: (at = rpc) => createChainReader({ rpc: at, payOnce, onStray }),
    laneAt: (at = rpc): Lane =>
      createArcLane({ rpc: at, log, signer, chainId: chain.chainId, payOnce }, { maxInFlight: 12 }),
    /** Puts the wallet back to having gas, an empty pool and the usual base fee. */
    async reset() {
      await anvil.request({ method: "anvil_dropAllTransactions" } as never);
      await anvil.setBalance({ address: operator, value: 100n * ETHER });
      await mine(1);
    },
    mine,
    async block(account: string) {
      await anvil.setAutomine(true);
      await chain.setBlacklisted("USDC", account as Address, true);
      await anvil.setAutomine(false);
    },
    async stop() {
      await chain.stop();
    },
  };

  /** Makes blocks of the usual base fee unless another is given. */
  async function mine(blocks = 1, baseFeePerGas = 20_000_000_000n): Promise<void> {
    for (let block = 0; block < blocks; block += 1) {
      await anvil.setNextBlockBaseFeePerGas({ baseFeePerGas });
      await anvil.mine({ blocks: 1 });
    }
  }
}

/** A payment of one USDC to somebody new. */
export function payItem(world: ArcWorld, changed: Partial<PayItem> = {}): PayItem {
  const { payer, token } = world;
  const recipient = privateKeyToAccount(generatePrivateKey()).address.toLowerCase();
  return {
    paymentId: randomUUID(),
    generation: 1,
    payer,
    token,
    recipient,
    amount: 1_000_000n,
    ...changed,
  };
}

/** What dispatch does up to its commit: prepares, stores, and tells the lane. */
export async function commitSend(
  world: ArcWorld,
  lane: Lane,
  items: readonly PayItem[],
  gasLimit = world.calls.gasLimit("pay", items.length, false),
): Promise<StoredSend> {
  const calldata = world.calls.encodePay(items);
  const ticket = await lane.prepare({ operator: world.operator, calldata, gasLimit });
  lane.committed(ticket);
  return {
    id: randomUUID(),
    operator: world.operator,
    kind: "pay",
    itemCount: items.length,
    calldata,
    gasLimit,
    createdAt: new Date(),
    ticket,
  };
}

/** The bytes and hashes of an arc send. */
export function arcTicket(send: StoredSend): Extract<SendTicket, { rail: "arc" }> {
  if (send.ticket.rail !== "arc") throw new Error("not an arc send");
  return send.ticket;
}

/** Stands for dispatch's table of sends. */
export function storedSends(...sends: readonly StoredSend[]) {
  const rows = new Map(sends.map((send) => [send.id, send]));
  return {
    all: (): readonly StoredSend[] => [...rows.values()],
    of(id: string): StoredSend {
      const send = rows.get(id);
      if (!send) throw new Error(`no send ${id}`);
      return send;
    },
    add: (send: StoredSend) => void rows.set(send.id, send),
    drop: (id: string) => void rows.delete(id),
    store: async (id: string, ticket: SendTicket): Promise<void> => {
      const send = rows.get(id);
      if (send) rows.set(id, { ...send, ticket });
    },
  };
}

export function lastHash(send: StoredSend): Hex {
  const hash = arcTicket(send).hashes.at(-1);
  if (!hash) throw new Error("no hash");
  return hash;
}
