import { createPublicClient, erc20Abi, http, type Address, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { startChain, type Chain } from "../../sandbox/chain/start-chain.ts";
import { circleControl, type CircleControl } from "../../sandbox/circle/control-client.ts";
import type { FaultSpec } from "../../sandbox/circle/control/fault-spec.ts";
import { startCircle, type CircleEmulator } from "../../sandbox/circle/start-circle.ts";
import { QUICK } from "../sandbox/circle/circle-world.ts";

const MONEY = 10n ** 12n;
const GAS = 100n * 10n ** 18n;

export interface Payer {
  readonly address: string;
  readonly privateKey: Hex;
}

/** An emulated Arc with PayOnce on it, a Circle that executes there, and an operator for each rail, for a whole file. */
export interface LineWorld extends AsyncDisposable {
  readonly chain: Chain;
  readonly circle: CircleEmulator;
  readonly control: CircleControl;
  readonly payOnce: Address;
  readonly arcOperatorKey: Hex;
  readonly arcOperator: Address;
  /** Has 1,000,000 USDC and, unless told otherwise, has approved the instance. */
  newPayer(options?: { approves?: boolean }): Promise<Payer>;
  usdcOf(owner: string): Promise<bigint>;
  receiptOf(hash: string): ReturnType<ReturnType<typeof clientOf>["getTransactionReceipt"]>;
  /** Queues a fault for the POSTs of sends. */
  onSend(fault: FaultSpec): Promise<string>;
}

export async function startLineWorld(): Promise<LineWorld> {
  await using starting = new AsyncDisposableStack();
  const chain = starting.use(await startChain({ blockTimeMs: 200 }));
  const { rpcUrl, chainId } = chain;
  const circle = starting.use(await startCircle({ rpcUrl, chainId, settings: QUICK, seed: 1 }));
  const arcOperatorKey = generatePrivateKey();
  const arcOperator = privateKeyToAddress(arcOperatorKey);
  const operators = [...circle.operatorWallets.map(({ address }) => address), arcOperator];
  for (const operator of operators) await chain.fund(operator, { native: GAS });
  const payOnce = await chain.deployPayOnce({ admin: chain.admin.address, operators });
  const client = clientOf(rpcUrl);
  const control = circleControl(circle.controlUrl);
  const running = starting.move();
  return {
    chain,
    circle,
    control,
    payOnce,
    arcOperatorKey,
    arcOperator,
    async newPayer({ approves = true } = {}) {
      const privateKey = generatePrivateKey();
      const address = privateKeyToAddress(privateKey);
      await chain.fund(address, { usdc: MONEY, native: GAS });
      if (approves) await chain.approve(privateKey, "USDC", payOnce, MONEY);
      return { address: address.toLowerCase(), privateKey };
    },
    usdcOf: (owner) =>
      client.readContract({
        address: chain.tokens.USDC,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [owner as Address],
      }),
    receiptOf: (hash) => client.getTransactionReceipt({ hash: hash as Hex }),
    onSend: (fault) =>
      control.inject({
        ...fault,
        match: { method: "POST", path: "/developer/transactions/contractExecution" },
      }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function clientOf(rpcUrl: string) {
  return createPublicClient({ transport: http(rpcUrl) });
}
