import { randomUUID } from "node:crypto";
import {
  createPublicClient,
  erc20Abi,
  webSocket,
  type Address,
  type ContractEventName,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { startChain } from "../../sandbox/chain/start-chain.ts";
import { anvilClient } from "../../sandbox/chain/transact.ts";
import { createPayOnceCalls } from "../../src/arc/pay-once.ts";
import type { Lane, PayItem, SendTicket, StoredSend, VoidItem } from "../../src/dispatch/rail.ts";
import { refOf } from "../../src/payment/ids.ts";

/** For calls that nobody breaks off. */
export const SIGNAL = new AbortController().signal;

const MONEY = 10n ** 12n;
const NATIVE = 100n * 10n ** 18n;
const SUBMITS_MAX = 20;

/** An event of PayOnce that is about a payment, as the chain has it. */
interface PaymentEvent {
  readonly name: ContractEventName<typeof payOnceAbi>;
  readonly txHash: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export type PayingWorld = Awaited<ReturnType<typeof startPayingWorld>>;

/** PayOnce on a chain that makes blocks, an operator with gas, and a payer with money who has approved the instance. */
export async function startPayingWorld(operatorKey: Hex) {
  const chain = await startChain({ blockTimeMs: 100 });
  const client = createPublicClient({ transport: webSocket(chain.wsUrl) });
  const anvil = anvilClient(chain.rpcUrl);
  const operator = privateKeyToAddress(operatorKey);
  const payerKey = generatePrivateKey();
  const payer = privateKeyToAddress(payerKey);
  const payOnce = await chain.deployPayOnce({ admin: chain.admin.address, operators: [operator] });
  await chain.fund(payer, { usdc: MONEY, native: NATIVE });
  await chain.approve(payerKey, "USDC", payOnce, MONEY);
  await chain.fund(operator, { native: NATIVE });
  const calls = createPayOnceCalls();
  let block = Promise.withResolvers<void>();
  const stopWatching = client.watchBlockNumber({
    onBlockNumber() {
      block.resolve();
      block = Promise.withResolvers();
    },
  });

  /** What PayOnce said of a payment, in order. */
  async function eventsOf({ paymentId }: VoidItem): Promise<readonly PaymentEvent[]> {
    const logs = await client.getContractEvents({
      address: payOnce,
      abi: payOnceAbi,
      fromBlock: 0n,
      strict: true,
    });
    const ref = refOf(paymentId);
    return logs
      .filter(({ topics }) => topics[1] === ref)
      .map(({ eventName: name, transactionHash: txHash, args }) => ({ name, txHash, args }));
  }

  return {
    chain,
    operator: operator.toLowerCase(),
    payOnce: payOnce.toLowerCase(),
    eventsOf,
    /** Waits, block by block, until PayOnce has said these words of a payment; answers the last of them. */
    async until(item: VoidItem, ...names: readonly PaymentEvent["name"][]): Promise<PaymentEvent> {
      for (;;) {
        const nextBlock = block.promise;
        const events = await eventsOf(item);
        const said = events.slice(0, names.length);
        const last = said.at(-1);
        if (last && said.length === names.length) {
          const heard = said.map(({ name }) => name).join();
          if (heard !== names.join()) throw new Error(`PayOnce said ${heard}, not ${names.join()}`);
          return last;
        }
        await nextBlock;
      }
    },
    received: ({ recipient, token }: PayItem): Promise<bigint> =>
      client.readContract({
        address: token as Address,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [recipient as Address],
      }),
    /** Takes the operator's gas away; answers how to give it back. */
    async withoutGas(): Promise<() => Promise<void>> {
      await anvil.setBalance({ address: operator, value: 0n });
      return () => anvil.setBalance({ address: operator, value: NATIVE });
    },
    async gasLimitOf(txHash: string): Promise<bigint> {
      return (await client.getTransaction({ hash: txHash as Hex })).gas;
    },
    /** A payment to somebody new. */
    payment(amount = 1_000_000n): PayItem {
      const recipient = privateKeyToAddress(generatePrivateKey()).toLowerCase();
      const token = chain.tokens.USDC.toLowerCase();
      const terms = { payer: payer.toLowerCase(), token, recipient, amount };
      return { paymentId: randomUUID(), generation: 1, ...terms };
    },
    commitPay: (lane: Lane, ...items: readonly PayItem[]) =>
      commit(lane, "pay", items.length, calls.encodePay(items)),
    commitVoid: (lane: Lane, ...items: readonly VoidItem[]) =>
      commit(lane, "void", items.length, calls.encodeVoid(items)),
    async stop() {
      stopWatching();
      (await client.transport.getRpcClient()).close();
      await chain.stop();
    },
  };

  /** What dispatch does up to its commit. */
  async function commit(
    lane: Lane,
    kind: "pay" | "void",
    itemCount: number,
    calldata: Hex,
  ): Promise<StoredSend> {
    await lane.ready(SIGNAL);
    const gasLimit = calls.gasLimit(kind, itemCount, false);
    const draft = { operator: operator.toLowerCase(), calldata, gasLimit };
    const ticket = await lane.prepare(draft);
    lane.committed(ticket);
    return { id: randomUUID(), kind, itemCount, createdAt: new Date(), ticket, ...draft };
  }
}

/** Submits as dispatch does, the same ticket until it is taken; answers the send as it then stands in the database. */
export async function submit(lane: Lane, send: StoredSend): Promise<StoredSend> {
  for (let tries = 0; tries < SUBMITS_MAX; tries += 1) {
    const report = await lane.submit(send, SIGNAL);
    if (report.kind === "accepted") return { ...send, ticket: named(send.ticket, report.circleId) };
    if (report.kind !== "retry") throw new Error(`the send is ${report.kind}: ${report.detail}`);
  }
  throw new Error("the send was never taken");
}

function named(ticket: SendTicket, circleId: string | undefined): SendTicket {
  return ticket.rail === "circle" ? { ...ticket, circleId: circleId ?? null } : ticket;
}
