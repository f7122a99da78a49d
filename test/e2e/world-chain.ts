import { encodeFunctionData, parseAbi, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { readTransfers, type Transfer } from "../../sandbox/audit/read-transfers.ts";
import { chainControls, type ChainControls } from "../../sandbox/chain/chain-controls.ts";
import type { TokenName } from "../../sandbox/chain/arc-chain.ts";
import { anvilClient, SANDBOX_FEES, transactor } from "../../sandbox/chain/transact.ts";
import { refOf } from "../../src/payment/ids.ts";
import type { SandboxAddresses } from "./sandbox-addresses.ts";

type ChainAddresses = SandboxAddresses["chain"];

const setPaused = parseAbi(["function setPaused(bool)"]);

export interface WorldControls extends ChainControls {
  readonly admin: ChainAddresses["admin"];
  /** A paused token refuses every transfer. */
  setPaused(token: TokenName, paused: boolean): Promise<void>;
  /** What left these wallets, in either token, as the tokens' own logs tell it. */
  transfersFrom(...payers: Address[]): Promise<Transfer[]>;
  /** What an instance of PayOnce has said of a payment, in order: "Refused 1", "Voided 1", "Paid 2". */
  historyOf(payOnce: Address, paymentId: string): Promise<readonly Mention[]>;
}

export interface Mention {
  readonly said: string;
  readonly txHash: Hex;
}

/** The emulated chain, with this world's instance on it. */
export interface WorldChain extends WorldControls {
  readonly payOnce: Address;
}

let controls: WorldControls | undefined;

/** The same for all worlds of a file: their transactions are the one admin's, and must go out in order. */
export function chainControlsAt(chain: ChainAddresses): WorldControls {
  return (controls ??= createControls(chain));
}

function createControls({ rpcUrl, tokens, admin }: ChainAddresses): WorldControls {
  const client = anvilClient(rpcUrl);
  const transact = transactor(rpcUrl, client, true);
  return {
    admin,
    ...chainControls({ client, transact, adminKey: admin.privateKey }),
    async setPaused(token, paused) {
      const data = encodeFunctionData({ abi: setPaused, args: [paused] });
      await transact(admin.privateKey, (wallet) =>
        wallet.sendTransaction({ to: tokens[token], data, ...SANDBOX_FEES }),
      );
    },
    transfersFrom: (...payers) => readTransfers(rpcUrl, Object.values(tokens), payers),
    async historyOf(payOnce, paymentId) {
      const logs = await client.getContractEvents({
        address: payOnce,
        abi: payOnceAbi,
        fromBlock: 0n,
        strict: true,
      });
      const ref = refOf(paymentId);
      return logs.flatMap(({ eventName, args, transactionHash: txHash }) =>
        "id" in args && args.id === ref
          ? [{ said: `${eventName} ${args.generation}`, txHash }]
          : [],
      );
    },
  };
}
