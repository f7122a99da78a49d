import { randomBytes } from "node:crypto";

import {
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  http,
  parseEventLogs,
  toHex,
  type Abi,
  type Address,
  type Hex,
  type TransactionReceipt,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { Artifact } from "../../contracts/solidity.ts";
import { arcChain } from "../../sandbox/chain/arc-chain.ts";
import { startChain } from "../../sandbox/chain/start-chain.ts";
import { anvilClient } from "../../sandbox/chain/transact.ts";

export interface Payment {
  readonly id: Hex;
  readonly generation: number;
  readonly payer: Address;
  readonly token: Address;
  readonly to: Address;
  readonly amount: bigint;
}

export interface Ref {
  readonly id: Hex;
  readonly generation: number;
}

/** What became of one transaction: whether it stood, and PayOnce's own logs in order. */
export interface Sent {
  readonly receipt: TransactionReceipt;
  readonly reverted: boolean;
  readonly outcomes: readonly { readonly name: string; readonly args: Record<string, unknown> }[];
}

export const MONEY = 1_000_000_000_000n;
const GAS = 16_000_000n;
const RECEIPT = { pollingInterval: 10, timeout: 10_000 };
/** EIP-1559 caps far above the sandbox's base fee; these tests are not about fees. */
const FEES = { maxFeePerGas: 200_000_000_000n, maxPriorityFeePerGas: 0n };

export const newId = (): Hex => `0x${"0".repeat(32)}${randomBytes(16).toString("hex")}`;
export const newAddress = (): Address => privateKeyToAccount(generatePrivateKey()).address;

export type PayOnceWorld = Awaited<ReturnType<typeof startPayOnceWorld>>;

/** PayOnce on an anvil of its own, with an admin, an operator, and a payer that has money and has approved it. */
export async function startPayOnceWorld(options: { blockGasLimit?: number } = {}) {
  const chain = await startChain({ blockTimeMs: null, ...options });
  const anvil = anvilClient(chain.rpcUrl);
  const [admin, operator, payer] = [
    generatePrivateKey(),
    generatePrivateKey(),
    generatePrivateKey(),
  ];
  const addressOf = (key: Hex) => privateKeyToAccount(key).address;

  const fund = (address: Address) =>
    chain.fund(address, { usdc: MONEY, eurc: MONEY, native: 1_000n * 10n ** 18n });
  for (const key of [admin, operator, payer]) await fund(addressOf(key));
  const payOnce = await chain.deployPayOnce({
    admin: addressOf(admin),
    operators: [addressOf(operator)],
  });
  await chain.approve(payer, "USDC", payOnce, MONEY);
  await chain.approve(payer, "EURC", payOnce, MONEY);

  const send = async (key: Hex, to: Address | undefined, data: Hex, gas = GAS): Promise<Sent> => {
    const wallet = createWalletClient({
      account: privateKeyToAccount(key),
      chain: arcChain(chain.rpcUrl),
      transport: http(chain.rpcUrl),
    });
    const hash = await wallet.sendTransaction({ ...(to && { to }), data, gas, ...FEES });
    const receipt = await anvil.waitForTransactionReceipt({ hash, ...RECEIPT });
    const logs = receipt.logs.filter((log) => log.address === payOnce.toLowerCase());
    const outcomes = parseEventLogs({ abi: payOnceAbi, logs }).map(({ eventName, args }) => ({
      name: eventName,
      args: { ...args },
    }));
    return { receipt, reverted: receipt.status === "reverted", outcomes };
  };

  return {
    chain,
    anvil,
    payOnce,
    admin,
    operator,
    payer,
    addressOf,
    fund,
    send,
    /** A payment of 50 USDC by the payer to a fresh address, unless told otherwise. */
    payment(terms: Partial<Payment> = {}): Payment {
      return {
        id: newId(),
        generation: 1,
        payer: addressOf(payer),
        token: chain.tokens.USDC,
        to: newAddress(),
        amount: 50_000_000n,
        ...terms,
      };
    },
    pay(items: readonly Payment[], { key = operator, gas = GAS } = {}) {
      const data = encodeFunctionData({ abi: payOnceAbi, functionName: "pay", args: [items] });
      return send(key, payOnce, data, gas);
    },
    void(refs: readonly Ref[], { key = operator, gas = GAS } = {}) {
      const data = encodeFunctionData({ abi: payOnceAbi, functionName: "void", args: [refs] });
      return send(key, payOnce, data, gas);
    },
    async slot(id: Hex) {
      const [paid, floor] = await anvil.readContract({
        address: payOnce,
        abi: payOnceAbi,
        functionName: "slots",
        args: [id],
      });
      return { paid, floor };
    },
    balance(token: Address, account: Address) {
      return anvil.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [account],
      });
    },
    async deploy(artifact: Artifact | undefined, argument?: Address): Promise<Address> {
      if (!artifact) throw new Error("No such contract");
      const data: Hex = argument
        ? `${artifact.bytecode}${argument.slice(2).padStart(64, "0")}`
        : artifact.bytecode;
      const { receipt } = await send(admin, undefined, data);
      if (!receipt.contractAddress) throw new Error(`${artifact.contractName} was not deployed`);
      return receipt.contractAddress;
    },
    async setOperator(operator: Address, named: boolean) {
      const functionName = named ? "nameOperator" : "revokeOperator";
      const data = encodeFunctionData({ abi: payOnceAbi, functionName, args: [operator] });
      await send(admin, payOnce, data);
    },
    call(
      key: Hex,
      to: Address,
      call: { abi: Abi; functionName: string; args: readonly unknown[] },
    ) {
      return send(key, to, encodeFunctionData(call));
    },
    [Symbol.asyncDispose]: () => chain.stop(),
  };
}

/** The names of the outcomes, in order: what most tests are about. */
export const namesOf = (sent: Sent): string[] => sent.outcomes.map((outcome) => outcome.name);

/** A `Refused` log's reason, where it is a plain string. */
export function reasonText(outcome: Sent["outcomes"][number] | undefined): string {
  const reason = outcome?.args["reason"] as Hex | undefined;
  return Buffer.from(reason?.slice(2) ?? "", "hex")
    .toString("latin1")
    .replace(/[^ -~]/g, "");
}

export const word = (value: number): Hex => toHex(value, { size: 32 });
