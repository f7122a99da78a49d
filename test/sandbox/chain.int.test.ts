import { createServer } from "node:net";
import { once } from "node:events";

import {
  createPublicClient,
  createWalletClient,
  erc20Abi,
  getAddress,
  http,
  keccak256,
  parseAbi,
  parseEventLogs,
  zeroAddress,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import payOnce from "../../contracts/PayOnce.json" with { type: "json" };
import { arcChain, MIN_BASE_FEE_WEI, SYSTEM_EMITTER } from "../../sandbox/chain/arc-chain.ts";
import { startChain, type Chain } from "../../sandbox/chain/start-chain.ts";

const BLOCKLIST = parseAbi(["function isBlacklisted(address account) view returns (bool)"]);
const FEES = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 0n };
const GAS = 200_000n;

let chain: Chain;
let key: Hex;
beforeAll(async () => {
  chain = await startChain();
  key = generatePrivateKey();
  await chain.fund(holder(), { usdc: 1_000n, eurc: 1_000n, native: 10n ** 18n });
});
afterAll(() => chain.stop());

const holder = () => privateKeyToAccount(key).address;
const newAddress = (): Address => privateKeyToAccount(generatePrivateKey()).address;
const clientOf = (chain: Chain) =>
  createPublicClient({ chain: arcChain(chain.rpcUrl), transport: http(), pollingInterval: 50 });

async function transfer(token: Address, to: Address, value: bigint) {
  const wallet = createWalletClient({
    account: privateKeyToAccount(key),
    chain: arcChain(chain.rpcUrl),
    transport: http(),
  });
  const call = { address: token, abi: erc20Abi, functionName: "transfer" } as const;
  const hash = await wallet.writeContract({ ...call, args: [to, value], gas: GAS, ...FEES });
  const receipt = await clientOf(chain).waitForTransactionReceipt({ hash });
  const logs = parseEventLogs({ abi: erc20Abi, logs: receipt.logs, eventName: "Transfer" });
  return {
    status: receipt.status,
    transfers: logs.map((log) => ({ address: getAddress(log.address), ...log.args })),
  };
}

const refusalOf = (token: Address, to: Address, value: bigint, from = holder()) =>
  clientOf(chain)
    .simulateContract({
      address: token,
      abi: erc20Abi,
      functionName: "transfer",
      args: [to, value],
      account: from,
    })
    .then(
      () => "",
      (error: Error) => error.message,
    );

describe("the chain", () => {
  test("has Arc's chain id, and makes blocks by itself at Arc's lowest base fee", async () => {
    const client = clientOf(chain);
    expect(await client.getChainId()).toBe(5_042_002);
    const { number: first } = await client.getBlock();
    const head = () => client.getBlockNumber({ cacheTime: 0 });
    await expect.poll(head, { timeout: 20_000 }).toBeGreaterThanOrEqual(first + 3n);
    for (const blockNumber of [first, first + 1n, first + 2n, first + 3n]) {
      const block = await client.getBlock({ blockNumber });
      expect(block).toMatchObject({ baseFeePerGas: MIN_BASE_FEE_WEI, gasLimit: 30_000_000n });
    }
  });

  test("charges that in every block, however soon the next one follows", async () => {
    await using hurried = await startChain({ blockTimeMs: 10 });
    const client = clientOf(hurried);
    const { number: first } = await client.getBlock();
    const head = () => client.getBlockNumber({ cacheTime: 0 });
    await expect.poll(head, { timeout: 30_000 }).toBeGreaterThan(first + 200n);
    for (let blockNumber = first; blockNumber < first + 200n; blockNumber += 1n) {
      const { baseFeePerGas } = await client.getBlock({ blockNumber });
      expect(baseFeePerGas, `block ${blockNumber}`).toBe(MIN_BASE_FEE_WEI);
    }
  });

  test("several stand side by side, each with a world of its own", async () => {
    await using other = await startChain();
    const account = newAddress();
    await other.fund(account, { native: 7n });
    expect(await clientOf(other).getBalance({ address: account })).toBe(7n);
    expect(await clientOf(chain).getBalance({ address: account })).toBe(0n);
  });

  test("one that cannot start says why", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(startChain({ port })).rejects.toThrow(/anvil .*in use/is);
    taken.close();
  });

  test("its blocks can be held back: what was sent meanwhile is mined when they go on", async () => {
    await using other = await startChain({ blockTimeMs: 50 });
    await other.fund(holder(), { usdc: 5n, native: 10n ** 18n });
    const client = clientOf(other);
    other.pauseBlocks();
    const wallet = createWalletClient({
      account: privateKeyToAccount(key),
      chain: arcChain(other.rpcUrl),
      transport: http(),
    });
    const hash = await wallet.sendTransaction({ to: newAddress(), value: 1n, gas: GAS, ...FEES });
    await expect(client.getTransactionReceipt({ hash })).rejects.toThrow("could not be found");
    other.resumeBlocks();
    expect((await client.waitForTransactionReceipt({ hash })).status).toBe("success");
  });

  test("its base fee rises when told to, and what offers less is refused until it falls again", async () => {
    await using other = await startChain({ blockTimeMs: 50 });
    await other.fund(holder(), { native: 10n ** 18n });
    const client = clientOf(other);
    const feeOf = async () => (await client.getBlock()).baseFeePerGas;
    other.setBaseFee(500);
    await expect.poll(feeOf).toBe(500_000_000_000n);
    const wallet = createWalletClient({
      account: privateKeyToAccount(key),
      chain: arcChain(other.rpcUrl),
      transport: http(),
    });
    const send = () => wallet.sendTransaction({ to: newAddress(), value: 1n, gas: GAS, ...FEES });
    await expect(send()).rejects.toThrow("less than block base fee");
    other.setBaseFee(undefined);
    await expect.poll(feeOf).toBe(MIN_BASE_FEE_WEI);
    const receipt = await client.waitForTransactionReceipt({ hash: await send() });
    expect(receipt.status).toBe("success");
  });

  test("it can be taken away and brought back, with its accounts, its logs and its base fee", async () => {
    await using other = await startChain();
    const client = clientOf(other);
    const account = newAddress();
    await other.fund(account, { usdc: 8n });
    const mints = () =>
      client.getContractEvents({
        address: other.tokens.USDC,
        abi: erc20Abi,
        eventName: "Transfer",
        args: { to: account },
        fromBlock: 0n,
      });
    const before = await mints();
    expect(before).toHaveLength(1);

    await other.server.down();
    await expect(client.getChainId()).rejects.toThrow();
    await other.server.up();
    expect(await mints()).toEqual(before);
    await other.fund(account, { usdc: 1n });
    expect((await mints()).map((log) => log.args.value)).toEqual([8n, 1n]);
    expect((await client.getBlock()).baseFeePerGas).toBe(MIN_BASE_FEE_WEI);
  });

  test("once it is stopped, nothing listens there any more", async () => {
    const other = await startChain();
    await other.stop();
    await expect(clientOf(other).getBlockNumber()).rejects.toThrow();
    expect(() => process.kill(other.server.pid, 0)).toThrow("ESRCH");
  });
});

describe("what a test may do to it", () => {
  test("fund adds, for many at once, in both tokens and the native coin", async () => {
    const accounts = Array.from({ length: 10 }, newAddress);
    const client = clientOf(chain);
    const fundAll = () =>
      Promise.all(accounts.map((a) => chain.fund(a, { usdc: 3n, eurc: 4n, native: 5n })));
    await fundAll();
    await fundAll();
    for (const address of accounts) {
      const balanceOf = (token: Address) =>
        client.readContract({
          address: token,
          abi: erc20Abi,
          functionName: "balanceOf",
          args: [address],
        });
      expect(await balanceOf(chain.tokens.USDC)).toBe(6n);
      expect(await balanceOf(chain.tokens.EURC)).toBe(8n);
      expect(await client.getBalance({ address })).toBe(10n);
    }
  });

  test("deployPayOnce puts the committed code on chain, byte for byte", async () => {
    const address = await chain.deployPayOnce({ admin: holder(), operators: [] });
    const code = await clientOf(chain).getCode({ address });
    expect(keccak256(code ?? "0x")).toBe(keccak256(payOnce.deployedBytecode as Hex));
  });

  test("approve sets what a spender may take", async () => {
    const spender = newAddress();
    await chain.approve(key, "EURC", spender, 5n);
    await chain.approve(key, "EURC", spender, 3n);
    const allowance = await clientOf(chain).readContract({
      address: chain.tokens.EURC,
      abi: erc20Abi,
      functionName: "allowance",
      args: [holder(), spender],
    });
    expect(allowance).toBe(3n);
  });
});

describe("USDC behaves as Arc's", () => {
  test("a transfer is logged twice: by the system in 18 decimals, then by the token in 6", async () => {
    const to = newAddress();
    const { transfers } = await transfer(chain.tokens.USDC, to, 5n);
    expect(transfers).toEqual([
      { address: SYSTEM_EMITTER, from: holder(), to, value: 5n * 10n ** 12n },
      { address: chain.tokens.USDC, from: holder(), to, value: 5n },
    ]);
  });

  test("a transfer of nothing is logged by the token alone", async () => {
    const { transfers } = await transfer(chain.tokens.USDC, newAddress(), 0n);
    expect(transfers.map((log) => log.address)).toEqual([chain.tokens.USDC]);
  });

  test("only the token may make the system address log", async () => {
    const call = clientOf(chain).simulateContract({
      address: SYSTEM_EMITTER,
      abi: parseAbi(["function log(address from, address to, uint256 value)"]),
      functionName: "log",
      args: [holder(), newAddress(), 1n],
    });
    await expect(call).rejects.toThrow("Invalid caller");
  });

  test("a blocked address neither sends nor receives, until it is unblocked", async () => {
    const blocked = newAddress();
    await chain.fund(blocked, { usdc: 9n });
    await chain.setBlacklisted("USDC", blocked, true);
    const read = { address: chain.tokens.USDC, abi: BLOCKLIST, args: [blocked] } as const;
    const isBlacklisted = () =>
      clientOf(chain).readContract({ ...read, functionName: "isBlacklisted" });
    expect(await isBlacklisted()).toBe(true);
    expect(await refusalOf(chain.tokens.USDC, blocked, 1n)).toContain("Blocked address");
    expect(await refusalOf(chain.tokens.USDC, holder(), 1n, blocked)).toContain("Blocked address");

    await chain.setBlacklisted("USDC", blocked, false);
    expect(await isBlacklisted()).toBe(false);
    expect((await transfer(chain.tokens.USDC, blocked, 1n)).status).toBe("success");
  });
});

describe("EURC is an ordinary FiatToken", () => {
  test("a transfer is logged once", async () => {
    const to = newAddress();
    const { transfers } = await transfer(chain.tokens.EURC, to, 5n);
    expect(transfers).toEqual([{ address: chain.tokens.EURC, from: holder(), to, value: 5n }]);
  });

  test("a blocked address is refused in FiatToken's words, and USDC's blocklist is another", async () => {
    const blocked = newAddress();
    await chain.setBlacklisted("EURC", blocked, true);
    const refusal = await refusalOf(chain.tokens.EURC, blocked, 1n);
    expect(refusal).toContain("Blacklistable: account is blacklisted");
    expect(await refusalOf(chain.tokens.USDC, blocked, 1n)).toBe("");
  });
});

describe.each(["USDC", "EURC"] as const)("%s refuses as FiatToken does", (name) => {
  test.each<[string, Address, bigint, string]>([
    ["the zero address", zeroAddress, 1n, "ERC20: transfer to the zero address"],
    ["more than is there", newAddress(), 10n ** 12n, "ERC20: transfer amount exceeds balance"],
  ])("%s", async (_, to, value, reason) => {
    expect(await refusalOf(chain.tokens[name], to, value)).toContain(reason);
  });

  test("it has six decimals, and its name", async () => {
    const read = { address: chain.tokens[name], abi: erc20Abi } as const;
    expect(await clientOf(chain).readContract({ ...read, functionName: "decimals" })).toBe(6);
    expect(await clientOf(chain).readContract({ ...read, functionName: "symbol" })).toBe(name);
  });
});
