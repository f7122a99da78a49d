import { expect, test } from "vitest";
import { endDeadSends, type DeadSend } from "../../src/follow/end-dead-sends.ts";
import type { Receipt } from "../../src/follow/chain-reader.ts";
import type { OpenSend } from "../../src/follow/open-sends.ts";
import type { Alarm } from "../../src/payment/alarm.ts";

function send(n: number, changes: Partial<OpenSend> = {}): OpenSend {
  const hashes = [`0xold${n}`, `0xnew${n}`];
  const nonce = BigInt(n);
  return {
    transactionId: `send-${n}`,
    operator: "0xop",
    nonce,
    hashes,
    isFollowed: false,
    ...changes,
  };
}

/** Open sends and what the chain says of them. */
function watch(...sends: readonly OpenSend[]) {
  const open = new Set(sends);
  const receipts = new Map<string, Receipt>();
  const alarms: Alarm[] = [];
  const ended: DeadSend[] = [];
  const looks = { suspects: new Set<string>(), alarmed: new Set<string>() };
  let used = 0n;
  const deps = {
    reader: {
      nonceAt: async () => used,
      receiptOf: async (hash: string) => receipts.get(hash),
    },
    openSends: async () => [...open],
    async onDeadSend(dead: DeadSend) {
      ended.push(dead);
      for (const one of open) if (one.transactionId === dead.transactionId) open.delete(one);
    },
    raiseAlarm: async (alarm: Alarm) => void alarms.push(alarm),
  };
  return {
    receipts,
    alarms,
    ended,
    close: (one: OpenSend) => open.delete(one),
    look: (settledBlock: bigint, usedNonces: bigint) => {
      used = usedNonces;
      return endDeadSends(deps, settledBlock, looks);
    },
  };
}

test("reverted, or robbed of their nonce, they end; those whose nonce is unused stay open", async () => {
  const { look, receipts, ended } = watch(send(1), send(2), send(3));
  receipts.set("0xold1", { outcome: "reverted", blockNumber: 11n });
  await look(11n, 3n);
  await look(12n, 3n);
  expect(ended).toMatchObject([
    { transactionId: "send-1", outcome: "reverted" },
    { transactionId: "send-2", outcome: "dead", code: "nonce_taken" },
  ]);
});

test("one that succeeded though none of its logs was followed raises the alarm, once, and stays open", async () => {
  const { look, receipts, ended, alarms } = watch(send(1));
  receipts.set("0xnew1", { outcome: "success", blockNumber: 11n });
  for (const block of [11n, 12n, 13n, 14n]) await look(block, 2n);
  expect(alarms).toMatchObject([{ kind: "mined_without_logs", details: { txHash: "0xnew1" } }]);
  expect(ended).toEqual([]);
});

test("one whose very bytes had been mined as an earlier send's ends, and alarms nobody", async () => {
  const { look, receipts, ended, alarms } = watch(send(1, { isFollowed: true }));
  receipts.set("0xnew1", { outcome: "success", blockNumber: 9n });
  for (const block of [11n, 12n]) await look(block, 2n);
  expect(ended).toMatchObject([{ transactionId: "send-1", outcome: "dead", code: "nonce_taken" }]);
  expect(alarms).toEqual([]);
});

test("a count from a newer state than the block's ends nothing and alarms nobody", async () => {
  const paid = send(1);
  const { look, receipts, ended, alarms, close } = watch(paid, send(2));
  await look(11n, 3n);
  receipts.set("0xnew1", { outcome: "success", blockNumber: 12n });
  receipts.set("0xnew2", { outcome: "success", blockNumber: 13n });
  close(paid);
  await look(12n, 3n);
  expect({ ended, alarms }).toEqual({ ended: [], alarms: [] });
});

test("a nonce that was found used once and is not any more was a node's mistake", async () => {
  const { look, ended } = watch(send(1));
  for (const used of [2n, 1n, 2n]) await look(11n, used);
  expect(ended).toEqual([]);
});
