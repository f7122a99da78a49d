import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { payGasLimit } from "../../contracts/pay-once-gas.ts";
import { PaymentError } from "../../src/errors.ts";
import { startFakeNode } from "./fake-node.ts";
import {
  arcTicket,
  commitSend,
  lastHash,
  payItem,
  SIGNAL,
  startArcWorld,
  storedSends,
  type ArcWorld,
} from "./arc-world.ts";

let world: ArcWorld;
beforeAll(async () => {
  world = await startArcWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

async function openLane(sends = storedSends(), rpc = world.rpc) {
  const lane = world.laneAt(rpc);
  await lane.open(sends.all(), SIGNAL);
  const commit = async (gasLimit?: bigint) => {
    const send = await commitSend(world, lane, [payItem(world)], gasLimit);
    sends.add(send);
    return send;
  };
  const tend = () => lane.tend(sends.all(), sends.store, SIGNAL);
  return { lane, sends, commit, tend };
}

const verdict = async (hash: string) =>
  (await world.readerAt().receiptOf(hash))?.outcome ?? "unknown";

test("a send declares a quarter of a block at most, so that what it leaves unused wastes no block", async () => {
  const { lane } = await openLane();
  const items = lane.batchMax?.() ?? 0;
  // Arc's blocks have 30 million.
  expect(payGasLimit(items)).toBeLessThanOrEqual(7_500_000n);
  expect(payGasLimit(items + 1)).toBeGreaterThan(7_500_000n);
});

describe("submitting", () => {
  test("sends leave under consecutive nonces and are mined in one block, in whatever order they arrive", async () => {
    const { lane, commit } = await openLane();
    const sends = [await commit(), await commit(), await commit()];
    const nonces = sends.map((send) => arcTicket(send).nonce);
    expect(nonces).toEqual([0n, 1n, 2n].map((n) => n + (nonces[0] ?? 0n)));
    for (const send of sends.toReversed()) {
      expect(await lane.submit(send, SIGNAL)).toEqual({ kind: "accepted", txHash: lastHash(send) });
    }
    await world.mine();
    for (const send of sends) expect(await verdict(lastHash(send))).toBe("success");
  });

  test("a ticket is the same until it is committed: a transaction that is run again burns no nonce", async () => {
    const { lane, commit } = await openLane();
    const draft = { operator: world.operator, calldata: "0x" as const, gasLimit: 100_000n };
    const [first, again] = [await lane.prepare(draft), await lane.prepare(draft)];
    expect(again).toEqual(first);
    expect(arcTicket(await commit()).nonce).toBe(first.rail === "arc" ? first.nonce : -1n);
  });

  test("the same bytes again are accepted, pending and mined alike", async () => {
    const { lane, commit } = await openLane();
    const send = await commit();
    const accepted = { kind: "accepted", txHash: lastHash(send) };
    expect(await lane.submit(send, SIGNAL)).toEqual(accepted);
    expect(await lane.submit(send, SIGNAL)).toEqual(accepted);
    await world.mine();
    expect(await lane.submit(send, SIGNAL)).toEqual(accepted);
  });

  test("an answer that is lost is a retry of the same bytes, and moves the money once", async () => {
    await using node = await startFakeNode(world.chain.rpcUrl);
    const { lane, commit } = await openLane(storedSends(), world.rpcAt(node.url));
    const send = await commit();
    node.say = ({ method }) => {
      if (method !== "eth_sendRawTransaction") return "ask";
      void world.anvil.sendRawTransaction({ serializedTransaction: arcTicket(send).raw });
      return { error: { code: -32603, message: "upstream broke off" } };
    };
    expect(await lane.submit(send, SIGNAL)).toMatchObject({ kind: "retry", code: "node_refused" });
    node.mishap = () => "reset";
    const lost = await lane.submit(send, SIGNAL);
    expect(lost).toMatchObject({ kind: "retry", code: "chain_unavailable" });
    expect(lost).not.toHaveProperty("capacity");
    node.mishap = () => undefined;
    node.say = () => "ask";
    await world.mine();
    expect(await lane.submit(send, SIGNAL)).toMatchObject({ kind: "accepted" });
    expect(await verdict(lastHash(send))).toBe("success");
  });

  test("an operator without gas is a matter of capacity: nothing is dead, and it goes on once there is gas", async () => {
    const { lane, commit, tend } = await openLane();
    const send = await commit();
    await world.anvil.setBalance({ address: world.operator as `0x${string}`, value: 1n });
    const report = { kind: "retry", code: "operator_out_of_gas", capacity: true };
    expect(await lane.submit(send, SIGNAL)).toMatchObject(report);
    await world.mine(30);
    expect(await tend()).toMatchObject([]);
    await world.mine(30);
    expect(await tend()).toMatchObject([{ sendId: send.id, report }]);
    expect(arcTicket(send).hashes).toHaveLength(1);
    await world.anvil.setBalance({ address: world.operator as `0x${string}`, value: 10n ** 20n });
    await world.mine(30);
    expect(await tend()).toMatchObject([{ sendId: send.id, report: { kind: "accepted" } }]);
    await world.mine();
    expect(await verdict(lastHash(send))).toBe("success");
  });
});

describe("tending", () => {
  test("what a node dropped from its pool is given to it again", async () => {
    const { lane, commit, tend } = await openLane();
    const send = await commit();
    await lane.submit(send, SIGNAL);
    await world.anvil.dropTransaction({ hash: lastHash(send) });
    expect(await tend()).toEqual([]);
    await world.mine(4);
    expect(await verdict(lastHash(send))).toBe("unknown");
    expect(await tend()).toMatchObject([{ sendId: send.id, report: { kind: "accepted" } }]);
    await world.mine();
    expect(await verdict(lastHash(send))).toBe("success");
    expect(await tend()).toEqual([]);
  });

  test("after a takeover all stored sends go at once, the lowest nonce first, and new ones behind them", async () => {
    const before = await openLane();
    const sends = [await before.commit(), await before.commit(), await before.commit()];
    await using node = await startFakeNode(world.chain.rpcUrl);
    const after = await openLane(storedSends(...sends.toReversed()), world.rpcAt(node.url));
    const reports = await after.tend();
    expect(reports.map(({ sendId }) => sendId)).toEqual(sends.map(({ id }) => id));
    const raws = node.asked.filter(({ method }) => method === "eth_sendRawTransaction");
    expect(raws.map(({ params }) => params[0])).toEqual(sends.map((send) => arcTicket(send).raw));
    const next = await after.commit();
    expect(arcTicket(next).nonce).toBe(arcTicket(sends[2] ?? next).nonce + 1n);
    await after.lane.submit(next, SIGNAL);
    await world.mine();
    expect(await verdict(lastHash(next))).toBe("success");
  });

  test("a base fee above what a send offers replaces it: stored first, then sent, both fees higher", async () => {
    const { lane, commit, sends, tend } = await openLane();
    const send = await commit();
    const beside = await commit();
    await lane.submit(send, SIGNAL);
    await lane.submit(beside, SIGNAL);
    await world.mine(1, 100_000_000_000n);
    expect(await verdict(lastHash(send))).toBe("unknown");
    const reports = await tend();
    expect(reports.map(({ sendId }) => sendId)).toEqual([send.id, beside.id]);
    const bumped = sends.of(send.id);
    expect(arcTicket(bumped).hashes).toEqual([lastHash(send), lastHash(bumped)]);
    expect(arcTicket(bumped).nonce).toBe(arcTicket(send).nonce);
    expect(arcTicket(bumped).maxFeePerGas).toBeGreaterThan(200_000_000_000n);
    expect(reports[0]?.report).toEqual({ kind: "accepted", txHash: lastHash(bumped) });
    await world.mine(1, 100_000_000_000n);
    for (const { id } of [send, beside]) {
      expect(await verdict(lastHash(sends.of(id)))).toBe("success");
    }
    await world.mine();
  });

  test("bytes that could not be stored do not leave", async () => {
    await using node = await startFakeNode(world.chain.rpcUrl);
    const { lane, commit, sends } = await openLane(storedSends(), world.rpcAt(node.url));
    const send = await commit();
    await lane.submit(send, SIGNAL);
    await world.mine(1, 100_000_000_000n);
    const broken = new Error("the database is away");
    await expect(lane.tend(sends.all(), () => Promise.reject(broken), SIGNAL)).rejects.toBe(broken);
    const closed = new PaymentError("DATABASE_CONFLICT", "retry", "closed meanwhile");
    expect(await lane.tend(sends.all(), () => Promise.reject(closed), SIGNAL)).toEqual([]);
    const raws = node.asked.filter(({ method }) => method === "eth_sendRawTransaction");
    expect(raws.map(({ params }) => params[0])).toEqual([arcTicket(send).raw]);
  });

  test("a hash that a node refuses for good gets a new one under the same nonce", async () => {
    await using node = await startFakeNode(world.chain.rpcUrl);
    const { lane, commit, sends, tend } = await openLane(storedSends(), world.rpcAt(node.url));
    const send = await commit();
    node.say = ({ method, params }) =>
      method === "eth_sendRawTransaction" && params[0] === arcTicket(send).raw
        ? { error: { code: -32003, message: "Transaction in invalid tx list" } }
        : "ask";
    expect(await lane.submit(send, SIGNAL)).toMatchObject({ kind: "retry", code: "underpriced" });
    expect(await tend()).toMatchObject([{ sendId: send.id, report: { kind: "accepted" } }]);
    await world.mine();
    expect(await verdict(lastHash(sends.of(send.id)))).toBe("success");
    expect(arcTicket(sends.of(send.id)).hashes).toHaveLength(2);
  });

  test("whoever submits an older ticket submits the newest bytes", async () => {
    const { lane, commit, sends, tend } = await openLane();
    const send = await commit();
    await lane.submit(send, SIGNAL);
    await world.mine(1, 100_000_000_000n);
    await tend();
    const newest = lastHash(sends.of(send.id));
    expect(await lane.submit(send, SIGNAL)).toEqual({ kind: "accepted", txHash: newest });
  });

  test("a nonce that went to somebody else is left to the follower: no report, no second nonce", async () => {
    const { lane, commit, tend } = await openLane();
    const [ours, thief] = [await commit(), await openLane()];
    const theirs = await thief.commit();
    expect(arcTicket(theirs).nonce).toBe(arcTicket(ours).nonce);
    await thief.lane.submit(theirs, SIGNAL);
    await world.mine();
    expect(await lane.submit(ours, SIGNAL)).toMatchObject({ kind: "accepted" });
    expect(await tend()).toEqual([]);
    expect(await verdict(lastHash(ours))).toBe("unknown");
  });
});

describe("a gap that a given-up send left", () => {
  test("is filled where later sends wait behind it", async () => {
    const { lane, commit, sends, tend } = await openLane();
    const [givenUp, waiting] = [await commit(), await commit()];
    sends.drop(givenUp.id);
    await lane.submit(waiting, SIGNAL);
    await tend();
    await world.mine(8);
    expect(await verdict(lastHash(waiting))).toBe("unknown");
    await tend();
    await world.mine();
    expect(await verdict(lastHash(waiting))).toBe("success");
  });

  test("goes to the next send where none waits", async () => {
    const { commit, sends, tend } = await openLane();
    const givenUp = await commit();
    sends.drop(givenUp.id);
    await tend();
    await world.mine(8);
    await tend();
    expect(arcTicket(await commit()).nonce).toBe(arcTicket(givenUp).nonce);
  });

  test("is none while a send was only just committed", async () => {
    const { commit, sends, tend } = await openLane();
    await tend();
    await world.mine(20);
    const young = await commit();
    sends.drop(young.id);
    await tend();
    expect(arcTicket(await commit()).nonce).toBe(arcTicket(young).nonce + 1n);
  });
});
