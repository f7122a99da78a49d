import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { DeadSend } from "../../src/follow/end-dead-sends.ts";
import { followChain, type FollowOptions } from "../../src/follow/follow-chain.ts";
import type { OpenSend } from "../../src/follow/open-sends.ts";
import type { Alarm } from "../../src/payment/alarm.ts";
import { createScriptedChain, createScriptedSettlement, voidedLog } from "./scripted-chain.ts";

const stopping: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
});

/** Follows a scripted chain of 11 blocks from block 10 (or from nothing) until the test ends. */
function follow(
  options: FollowOptions & { fromNothing?: boolean; startAt?: number; length?: number } = {},
) {
  const chain = createScriptedChain(options.length ?? 11);
  const at = chain.positionAt(options.startAt ?? 10);
  const settlement = createScriptedSettlement(options.fromNothing ? undefined : at);
  chain.hearRefusals(settlement.poke);
  const alarms: Alarm[] = [];
  const dead: DeadSend[] = [];
  const sends: OpenSend[] = [];
  const stopped = new AbortController();
  const running = followChain(
    {
      reader: chain.reader,
      log: pino({ level: "silent" }),
      ...settlement.ports,
      openSends: async () =>
        sends.filter((send) => dead.every((d) => d.transactionId !== send.transactionId)),
      onDeadSend: async (send) => {
        dead.push(send);
        settlement.poke();
      },
      raiseAlarm: async (alarm) => {
        alarms.push(alarm);
        settlement.poke();
      },
    },
    options,
    stopped.signal,
  );
  const stop = async () => {
    stopped.abort();
    await running;
  };
  stopping.push(stop);
  return { chain, settlement, alarms, dead, sends, stop };
}

describe("following", () => {
  test("settles a block that has logs as soon as its head is announced", async () => {
    const { chain, settlement } = follow();
    chain.grow(1, [voidedLog(1)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === 1);
    expect(settlement.cursor()).toEqual({ number: 11n, hash: "0xa11" });
  });

  test("heads that skip, repeat and fall back lose no block and settle none twice", async () => {
    const { chain, settlement } = follow();
    for (let n = 1; n <= 20; n += 1) chain.grow(1, [voidedLog(n)]);
    for (const head of [13n, 30n, 12n, 30n, 11n]) chain.announce(head);
    await settlement.until(() => settlement.logs().length === 20);
    expect(settlement.logs().map(({ txHash }) => txHash)).toEqual(
      Array.from({ length: 20 }, (_, n) => `0x${n + 1}`),
    );
  });

  test("catches up with bounded parallelism, many blocks in one commit, and never past the parent chain", async () => {
    const { chain, settlement } = follow();
    chain.grow(1000, [voidedLog(1)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === 1);
    expect(chain.readsAtOnce()).toBeGreaterThan(4);
    expect(chain.readsAtOnce()).toBeLessThanOrEqual(16);
    expect(settlement.commits.length).toBeLessThan(100);
    const numbers = settlement.commits.flat().map(({ header }) => header.number);
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, n) => BigInt(n + 11)));
  });

  test("a block that the node does not know yet is waited for, never skipped", async () => {
    const { chain, settlement, alarms } = follow();
    chain.setLag(2);
    chain.grow(2, [voidedLog(1)]);
    chain.grow(1, [voidedLog(2)]);
    chain.announce();
    await settlement.until(() => chain.refusals() > 3);
    expect(settlement.logs()).toEqual([]);
    chain.setLag(0);
    await settlement.until(() => settlement.logs().length === 2);
    expect(settlement.logs().map(({ txHash }) => txHash)).toEqual(["0x1", "0x2"]);
    expect(alarms).toEqual([]);
  });

  test("a node that was away, and a lost answer to COMMIT, leave nothing out", async () => {
    const { chain, settlement } = follow();
    chain.setDown(true);
    settlement.failNext(2);
    chain.grow(3, [voidedLog(1)]);
    chain.announce();
    await settlement.until(() => chain.refusals() > 1);
    chain.setDown(false);
    await settlement.until(() => settlement.logs().length === 1);
    expect(settlement.cursor()?.number).toBe(13n);
  });

  test("empty blocks are settled when following stops", async () => {
    const { chain, settlement, stop } = follow();
    chain.grow(1, [voidedLog(1)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === 1);
    chain.grow(3);
    chain.announce();
    await stop();
    expect(settlement.commits.flat().map(({ header }) => header.number)).toContain(11n);
    expect(settlement.cursor()?.number).toBeGreaterThanOrEqual(11n);
  });

  test("goes on from where another process has moved the cursor", async () => {
    const { chain, settlement } = follow();
    chain.grow(5);
    chain.grow(1, [voidedLog(1)]);
    settlement.moveTo(chain.positionAt(14));
    chain.announce();
    await settlement.until(() => settlement.logs().length === 1);
    expect(settlement.commits[0]?.[0]?.header.number).toBe(15n);
  });

  test("the very first start begins at the block of deployment, else at the head", async () => {
    const fromDeployment = follow({ fromNothing: true, startBlock: 4n });
    fromDeployment.chain.grow(1, [voidedLog(1)]);
    fromDeployment.chain.announce();
    await fromDeployment.settlement.until(() => fromDeployment.settlement.logs().length === 1);
    expect(fromDeployment.settlement.commits[0]?.[0]?.header.number).toBe(5n);
  });
});

describe("a node on another chain", () => {
  test("raises the alarm once, stands still and says why, and goes on when the right node is back", async () => {
    const { chain, settlement, alarms } = follow({ startAt: 10 });
    chain.grow(1, [voidedLog(1)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === 1);
    chain.restart("b", 13);
    chain.announce();
    await settlement.until(() => alarms.length === 1);
    expect(alarms).toMatchObject([
      { kind: "chain_mismatch", details: { blockNumber: "11", followed: "0xa11", node: "0xb11" } },
    ]);
    expect(settlement.cursor()).toMatchObject({ number: 11n, hash: "0xa11" });

    chain.restart("a", 12);
    chain.grow(1, [voidedLog(2)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === 2);
    expect(alarms).toHaveLength(1);
  });

  test("is noticed at start, before any block is read", async () => {
    const { settlement, alarms, chain } = follow({ startAt: 10 });
    chain.restart("b");
    await settlement.until(() => alarms.length === 1);
    expect(settlement.commits).toEqual([]);
  });
});

test("a send that reverted ends while the chain is followed", async () => {
  const { chain, settlement, dead, sends } = follow();
  const send = { transactionId: "send-1", operator: "0xop", nonce: 1n, hashes: ["0x1"] };
  sends.push({ ...send, isFollowed: false });
  chain.nonces.set("0xop", 2n);
  chain.receipts.set("0x1", { outcome: "reverted", blockNumber: 11n });
  for (let n = 0; n < 3; n += 1) {
    chain.grow(1, [voidedLog(n)]);
    chain.announce();
    await settlement.until(() => settlement.logs().length === n + 1);
    // The look goes on beside the following, without any input of its own.
    await setImmediate();
  }
  expect(dead).toMatchObject([{ transactionId: "send-1", outcome: "reverted" }]);
});
