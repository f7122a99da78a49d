import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChainReader } from "../../src/follow/chain-reader.ts";
import type { BlockHeader } from "../../src/payment/pay-once-log.ts";
import { refOf } from "../../src/payment/ids.ts";
import { startFakeNode, type Call, type Say } from "./fake-node.ts";
import {
  commitSend,
  lastHash,
  payItem,
  SIGNAL,
  startArcWorld,
  type ArcWorld,
} from "./arc-world.ts";

let world: ArcWorld;
beforeAll(async () => {
  world = await startArcWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

/** Sends one batch of payments and makes the block that holds it. */
async function sendAndMine(items: Parameters<typeof payItem>[1][], gasLimit?: bigint) {
  const lane = world.laneAt();
  await lane.open([], SIGNAL);
  const payments = items.map((changed) => payItem(world, changed));
  const send = await commitSend(world, lane, payments, gasLimit);
  await lane.submit(send, SIGNAL);
  await world.mine();
  return { payments, send, hash: lastHash(send), header: await headHeader(world.readerAt()) };
}

async function headHeader(reader: ChainReader): Promise<BlockHeader> {
  return reader.header(await reader.headNumber());
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    (error: { code: string }) => error.code,
  );

describe("the logs of a block", () => {
  test("of a batch: paid with their proofs, refused with the token's words, skipped with the slot, in log order", async () => {
    const blocked = payItem(world).recipient;
    await world.block(blocked);
    const first = await sendAndMine([{}]);
    const again = first.payments[0];
    const { payments, hash, header } = await sendAndMine([
      {},
      { recipient: blocked },
      { ...again },
      { token: world.chain.tokens.EURC.toLowerCase() },
      {},
    ]);
    const logs = await world.readerAt().payOnceLogs(header);
    expect(logs.map(({ kind }) => kind)).toEqual(["paid", "refused", "skipped", "refused", "paid"]);
    expect(logs.map(({ ref }) => ref)).toEqual(payments.map(({ paymentId }) => refOf(paymentId)));
    expect(logs.every((log) => log.txHash === hash && log.generation === 1n)).toBe(true);
    const [paid, refused, skipped, unfunded] = logs;
    // The system's log comes before the token's, and that before ours.
    expect(paid).toMatchObject({
      payer: world.payer,
      token: world.token,
      amount: 1_000_000n,
      recipient: payments[0]?.recipient,
      transferLogIndex: (paid?.logIndex ?? 0) - 1,
    });
    expect(refused).toMatchObject({ reason: { text: "Blocked address" } });
    expect(skipped).toMatchObject({ paid: true });
    expect(unfunded).toMatchObject({ reason: { text: expect.stringContaining("exceeds") } });
  });

  test("of several transactions of one block, strangers' between them", async () => {
    const lane = world.laneAt();
    await lane.open([], SIGNAL);
    const sends = [
      await commitSend(world, lane, [payItem(world)]),
      await commitSend(world, lane, [payItem(world), payItem(world)]),
    ];
    for (const send of sends) await lane.submit(send, SIGNAL);
    await world.mine();
    const reader = world.readerAt();
    const logs = await reader.payOnceLogs(await headHeader(reader));
    const [one, two] = sends.map(lastHash);
    expect(logs.map(({ txHash }) => txHash)).toEqual([one, two, two]);
    expect(
      logs.every((log) => log.kind === "paid" && log.transferLogIndex === log.logIndex - 1),
    ).toBe(true);
  });

  test("a block without logs of ours has none, and the admin's acts are strays", async () => {
    await world.mine();
    const reader = world.readerAt();
    expect(await reader.payOnceLogs(await headHeader(reader))).toEqual([]);
    world.strays.length = 0;
    const deployment = await firstBlockOf(world);
    expect(await reader.payOnceLogs(deployment)).toEqual([]);
    expect(world.strays.map(({ event }) => event)).toEqual([
      "OwnershipTransferred",
      "OperatorNamed",
    ]);
  });
});

describe("a node that lags or lies is 'not read', never 'nothing there'", () => {
  const lies: readonly (readonly [string, string, (call: Call) => Say])[] = [
    ["does not know the block", "CHAIN_BLOCK_UNKNOWN", unknownBlock("eth_getLogs")],
    [
      "answers an unknown hash with no logs",
      "CHAIN_BLOCK_UNKNOWN",
      (call) => {
        if (call.method === "eth_getLogs") return { result: [] };
        return call.method === "eth_getBlockTransactionCountByHash" ? { result: null } : "ask";
      },
    ],
    ["has not got the receipts yet", "CHAIN_BLOCK_UNKNOWN", nullFor("eth_getTransactionReceipt")],
    [
      "gives logs of another block",
      "CHAIN_UNAVAILABLE",
      (call) => (call.method === "eth_getLogs" ? { result: [foreignLog()] } : "ask"),
    ],
    [
      "gives receipts that lack our logs",
      "CHAIN_UNAVAILABLE",
      (call) =>
        call.method === "eth_getTransactionReceipt"
          ? { result: { status: "0x1", logs: [] } }
          : "ask",
    ],
    [
      "answers nonsense",
      "CHAIN_UNAVAILABLE",
      (call) => (call.method === "eth_getLogs" ? { result: "0x" } : "ask"),
    ],
    [
      "fails",
      "CHAIN_UNAVAILABLE",
      (call) =>
        call.method === "eth_getLogs" ? { error: { code: -32000, message: "boom" } } : "ask",
    ],
  ];

  test.for(lies)("one that %s", async ([, code, say]) => {
    const { header } = await sendAndMine([{}]);
    await using node = await startFakeNode(world.chain.rpcUrl);
    node.say = say;
    const reader = world.readerAt(world.rpcAt(node.url));
    expect(await codeOf(reader.payOnceLogs(header))).toBe(code);
  });

  test.for(lies.filter(([, code]) => code === "CHAIN_BLOCK_UNKNOWN"))(
    "one that %s gives way to a better one",
    async ([, , say]) => {
      const { header } = await sendAndMine([{}]);
      await using node = await startFakeNode(world.chain.rpcUrl);
      node.say = say;
      const reader = world.readerAt(world.rpcAt(node.url, world.chain.rpcUrl));
      expect(await reader.payOnceLogs(header)).toHaveLength(1);
    },
  );

  test("a header that no node has yet", async () => {
    const reader = world.readerAt();
    expect(await codeOf(reader.header((await reader.headNumber()) + 5n))).toBe(
      "CHAIN_BLOCK_UNKNOWN",
    );
  });

  test("a missing receipt proves nothing while the node is behind what others told", async () => {
    await using node = await startFakeNode(world.chain.rpcUrl);
    const reader = world.readerAt(world.rpcAt(node.url));
    const unsent = `0x${"12".repeat(32)}`;
    const head = await reader.headNumber();
    expect(await reader.receiptOf(unsent)).toBeUndefined();
    node.say = ({ method }) =>
      method === "eth_blockNumber" ? { result: `0x${(head - 1n).toString(16)}` } : "ask";
    expect(await codeOf(reader.receiptOf(unsent))).toBe("CHAIN_BLOCK_UNKNOWN");
  });

  test("a nonce at a block that the node has not got", async () => {
    const reader = world.readerAt();
    const head = await reader.headNumber();
    expect(await codeOf(reader.nonceAt(world.operator, head + 3n))).toBe("CHAIN_BLOCK_UNKNOWN");
  });
});

describe("what became of a send", () => {
  test("one that reverted leaves no log: its nonce is used and its receipt says so", async () => {
    const reader = world.readerAt();
    const before = await reader.nonceAt(world.operator, await reader.headNumber());
    const { hash, header } = await sendAndMine([{}], 60_000n);
    expect(await reader.payOnceLogs(header)).toEqual([]);
    expect(await reader.nonceAt(world.operator, header.number)).toBe(before + 1n);
    expect(await reader.nonceAt(world.operator, header.number - 1n)).toBe(before);
    expect(await reader.receiptOf(hash)).toEqual({
      outcome: "reverted",
      blockNumber: header.number,
    });
  });

  test("where the node no longer has the state of a block, no other block's count answers for it", async () => {
    await using node = await startFakeNode(world.chain.rpcUrl);
    node.say = ({ method, params }) =>
      method === "eth_getTransactionCount" && params[1] !== "latest"
        ? { error: { code: -32603, message: "state at block #1 is pruned" } }
        : "ask";
    const pruned = world.readerAt(world.rpcAt(node.url));
    expect(await codeOf(pruned.nonceAt(world.operator, 1n))).toBe("CHAIN_UNAVAILABLE");
    const helped = world.readerAt(world.rpcAt(node.url, world.chain.rpcUrl));
    expect(await helped.nonceAt(world.operator, await helped.headNumber())).toBeTypeOf("bigint");
  });

  test("a Paid is found again backwards, and only at or below the height asked for", async () => {
    const { payments, header } = await sendAndMine([{}, {}]);
    await world.mine(3);
    const reader = world.readerAt();
    const head = await reader.headNumber();
    const ref = refOf(payments[1]?.paymentId ?? "");
    expect(await reader.findPaid(ref, head)).toMatchObject({ header, log: { kind: "paid", ref } });
    expect(await reader.findPaid(ref, header.number)).toBeDefined();
    expect(await reader.findPaid(ref, header.number - 1n)).toBeUndefined();
    expect(await reader.findPaid(refOf(payItem(world).paymentId), head)).toBeUndefined();
    expect(await codeOf(reader.findPaid(ref, head + 100n))).toBe("CHAIN_BLOCK_UNKNOWN");
  });

  test("a transaction that a person names: what our instance logged in it, that it reverted, or that nobody has it", async () => {
    const { payments, hash, header } = await sendAndMine([{}, {}]);
    const reader = world.readerAt();
    expect(await reader.findTransaction(hash)).toMatchObject({
      kind: "mined",
      header,
      logs: payments.map(({ paymentId }) => ({
        kind: "paid",
        ref: refOf(paymentId),
        txHash: hash,
        transferLogIndex: expect.any(Number),
      })),
    });
    const { hash: reverted } = await sendAndMine([{}], 60_000n);
    expect(await reader.findTransaction(reverted)).toEqual({ kind: "reverted" });
    const nobodys = `0x${"7".repeat(64)}`;
    expect(await reader.findTransaction(nobodys)).toEqual({ kind: "unknown" });
    const away = world.readerAt(world.rpcAt("http://127.0.0.1:1"));
    expect(await codeOf(away.findTransaction(nobodys))).toBe("CHAIN_UNAVAILABLE");
  });

  test("who is blocked, token by token; a contract without a blocklist blocks nobody", async () => {
    const account = payItem(world).recipient;
    const reader = world.readerAt();
    expect(await reader.isBlocked(world.token, account)).toBe(false);
    await world.block(account);
    expect(await reader.isBlocked(world.token, account)).toBe(true);
    expect(await reader.isBlocked(world.chain.tokens.EURC, account)).toBe(false);
    expect(await reader.isBlocked(world.payOnce, account)).toBe(false);
  });
});

async function firstBlockOf({ anvil, payOnce, readerAt }: ArcWorld): Promise<BlockHeader> {
  const logs = await anvil.getLogs({ address: payOnce as `0x${string}`, fromBlock: 0n });
  return readerAt().header(logs[0]?.blockNumber ?? 0n);
}

function unknownBlock(method: string): (call: Call) => Say {
  return (call) =>
    call.method === method ? { error: { code: -32000, message: "unknown block" } } : "ask";
}

function nullFor(method: string): (call: Call) => Say {
  return (call) => (call.method === method ? { result: null } : "ask");
}

function foreignLog() {
  const word = `0x${"0".repeat(64)}`;
  return {
    address: world.payOnce,
    topics: [word],
    data: "0x",
    blockHash: word,
    transactionHash: word,
    logIndex: "0x0",
  };
}
