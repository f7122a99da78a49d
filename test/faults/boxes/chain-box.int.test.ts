import { once } from "node:events";
import { createWalletClient, http, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arcChain } from "../../../sandbox/chain/arc-chain.ts";
import { startChain, type Chain } from "../../../sandbox/chain/start-chain.ts";
import { askNode } from "./ask-node.ts";
import { openChainBox, type ChainBox } from "./chain-box.ts";
import { dropSend, replaceSend } from "./chain-acts.ts";
import { answerError, doneButError, type RpcReply } from "./chain-rules.ts";
import { lag, LAG_BLOCKS } from "./lagging-node.ts";

const SEND = ["eth_sendRawTransaction"];
const running = new AsyncDisposableStack();
const key = generatePrivateKey();
const account = privateKeyToAccount(key);
let chain: Chain;
let box: ChainBox;
let nonce = 0;

beforeAll(async () => {
  chain = await startChain({ blockTimeMs: 100 });
  running.defer(() => chain.stop());
  box = running.use(await openChainBox(chain));
  await chain.fund(account.address, { native: 10n ** 20n });
});
afterAll(() => running.disposeAsync());

const direct = async (method: string, ...params: unknown[]) =>
  resultOf(await askNode(chain.rpcUrl)({ method, params }));

function resultOf(reply: RpcReply): unknown {
  if ("error" in reply) throw new Error(reply.error.message);
  return reply.result;
}

async function sign(): Promise<Hex> {
  const wallet = createWalletClient({ account, chain: arcChain(chain.rpcUrl), transport: http() });
  const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 0n };
  return wallet.signTransaction({
    ...fees,
    to: account.address,
    value: 1n,
    gas: 21_000n,
    nonce: nonce++,
  });
}

/** Puts one call to the boxed node. */
async function ask(method: string, ...params: unknown[]): Promise<RpcReply> {
  return askNode(box.rpcUrls.first)({ method, params });
}

const mined = (hash: unknown) => direct("eth_getTransactionReceipt", hash);

test("calls pass, alone and in a batch", async () => {
  expect(await ask("eth_chainId")).toMatchObject({ result: "0x4cef52" });
  const answer = await fetch(box.rpcUrls.first, {
    method: "POST",
    body: JSON.stringify([
      { jsonrpc: "2.0", id: 7, method: "eth_chainId", params: [] },
      { jsonrpc: "2.0", id: 8, method: "no_such_method", params: [] },
    ]),
  });
  expect(await answer.json()).toMatchObject([
    { id: 7, result: "0x4cef52" },
    { id: 8, error: {} },
  ]);
});

test("a send is done and its answer lost, or an error answered instead of it", async () => {
  const lost = box.rule({ methods: SEND, act: { kind: "loseAnswer" }, times: 1 });
  const raw = await sign();
  await expect(
    fetch(box.rpcUrls.first, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: SEND[0], params: [raw] }),
      signal: AbortSignal.timeout(300),
    }),
  ).rejects.toThrow(/timeout/);
  expect(lost.struck()).toBe(1);
  const { transactions } = await untilBlockWith(1);
  expect(transactions).toHaveLength(1);

  box.rule({ methods: SEND, act: doneButError(-32603, "nonce too low"), times: 1 });
  expect(await ask("eth_sendRawTransaction", await sign())).toMatchObject({
    error: { code: -32603, message: "nonce too low" },
  });
  await untilBlockWith(1);
});

test("a send is answered with its hash and never seen by the node", async () => {
  box.rule({ methods: SEND, act: dropSend, times: 1 });
  const raw = await sign();
  const dropped = resultOf(await ask("eth_sendRawTransaction", raw));
  expect(await direct("eth_getTransactionByHash", dropped)).toBeNull();
  expect(resultOf(await ask("eth_sendRawTransaction", raw)), "it was its hash").toBe(dropped);
  await expect.poll(() => mined(dropped)).not.toBeNull();
});

test("a send is replaced by another transaction of its nonce", async () => {
  chain.pauseBlocks();
  const replaced: string[] = [];
  box.rule({ methods: SEND, act: replaceSend([key], () => replaced.push("one")), times: 1 });
  const hash = resultOf(await ask("eth_sendRawTransaction", await sign()));
  chain.resumeBlocks();
  expect(replaced).toEqual(["one"]);
  await expect
    .poll(() => direct("eth_getTransactionCount", account.address, "latest"))
    .toBe(`0x${nonce.toString(16)}`);
  expect(await mined(hash)).toBeNull();
});

test("a node throttles in words or by status, or hangs, as often as it is told", async () => {
  const words = box.rule({
    methods: "all",
    act: answerError(-32011, "request limit reached"),
    times: 1,
  });
  expect(await ask("eth_chainId")).toMatchObject({ error: { code: -32011 } });
  const status = box.rule({ methods: "all", act: { kind: "status", status: 429 }, times: 1 });
  const answer = await fetch(box.rpcUrls.first, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
  });
  expect(answer.status).toBe(429);
  const hang = box.rule({ methods: ["eth_chainId"], act: { kind: "hang" }, times: 1 });
  await expect(
    fetch(box.rpcUrls.first, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(200),
    }),
  ).rejects.toThrow(/timeout/);
  expect([words, status, hang].map((armed) => armed.struck())).toEqual([1, 1, 1]);
  expect(await ask("eth_chainId")).toHaveProperty("result");
});

test("a node that lags has neither the blocks nor the receipts, counts and logs of the last ones", async () => {
  const lagging = box.rule({ methods: "all", act: lag, times: "always", node: "second" });
  const late = askNode(box.rpcUrls.second);
  const hash = resultOf(await ask("eth_sendRawTransaction", await sign()));
  await expect.poll(() => mined(hash)).not.toBeNull();
  const head = BigInt((await direct("eth_blockNumber")) as string);
  const asked = async (method: string, ...params: unknown[]) =>
    resultOf(await late({ method, params }));
  expect(head - BigInt((await asked("eth_blockNumber")) as string)).toBeGreaterThanOrEqual(
    LAG_BLOCKS - 1n,
  );
  expect(await asked("eth_getTransactionReceipt", hash)).toBeNull();
  expect(await asked("eth_getBlockByNumber", `0x${head.toString(16)}`, false)).toBeNull();
  expect(await asked("eth_getTransactionCount", account.address, "latest")).not.toBe(
    `0x${nonce.toString(16)}`,
  );
  await expect
    .poll(() => asked("eth_getTransactionReceipt", hash), { timeout: 5_000 })
    .not.toBeNull();
  expect(lagging.struck()).toBeGreaterThan(4);
  lagging.disarm();
  expect(resultOf(await ask("eth_getTransactionReceipt", hash))).not.toBeNull();
});

test("heads are repeated, skipped and reordered, and then nothing is said any more", async () => {
  const heads: number[] = [];
  const socket = new WebSocket(box.heads.wsUrl);
  socket.addEventListener("message", ({ data }) => {
    const { params } = JSON.parse(String(data)) as { params?: { result: { number: string } } };
    if (params) heads.push(Number(params.result.number));
  });
  await once(socket, "open");
  socket.send(
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] }),
  );
  const steps = () => heads.slice(1).map((head, i) => head - (heads[i] ?? 0));

  box.heads.strikeHeads({ kind: "repeat", times: 1 });
  await expect.poll(steps).toContain(0);
  box.heads.strikeHeads({ kind: "skip", times: 1 });
  await expect.poll(steps).toContain(2);
  const reorder = box.heads.strikeHeads({ kind: "reorder", times: 1 });
  await expect.poll(steps).toContain(-1);
  expect(reorder.struck()).toBe(1);

  box.heads.silence(true);
  const said = heads.length;
  await expect.poll(() => box.heads.disturbed()).toBeGreaterThan(2);
  expect(heads.length).toBe(said);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  box.heads.silence(false);
  socket.close();
});

interface Block {
  readonly transactions: readonly string[];
}

/** The next block with that many transactions. */
async function untilBlockWith(count: number): Promise<Block> {
  let found: Block | undefined;
  await expect
    .poll(async () => {
      for (let back = 0n; back < 10n && found === undefined; back += 1n) {
        const head = BigInt((await direct("eth_blockNumber")) as string) - back;
        const block = (await direct(
          "eth_getBlockByNumber",
          `0x${head.toString(16)}`,
          false,
        )) as Block;
        if (block.transactions.length === count) found = block;
      }
      return found;
    })
    .toBeDefined();
  return found ?? { transactions: [] };
}
