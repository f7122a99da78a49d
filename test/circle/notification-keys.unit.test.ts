import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { CircleClient } from "../../src/circle/client.ts";
import { createNotificationKeys } from "../../src/circle/notification-keys.ts";
import { createPacer } from "../../src/circle/pacer.ts";
import { newSigner, type CircleSigner } from "./circle-signer.ts";

/** A double of Circle that knows these keys: the emulator has only one. */
function keysOf(...signers: readonly CircleSigner[]) {
  return keysOfList(signers);
}

function keysOfList(signers: readonly CircleSigner[]) {
  const asked: string[] = [];
  let nowMs = 0;
  const sdk = {
    async getNotificationSignature(id: string) {
      asked.push(id);
      const found = signers.find(({ keyId }) => keyId === id);
      if (!found) throw new Error("404");
      return { data: { id, publicKey: found.publicKey } };
    },
  };
  const client: CircleClient = { call: (use) => use(sdk as never) };
  const log = pino({ level: "silent" });
  // A lot that is the same each time.
  let lot = 1;
  const random = () => (lot = (lot * 48_271) % 2_147_483_647) / 2_147_483_647;
  const gets = createPacer(1_000_000);
  const keys = createNotificationKeys({ client, gets, log }, { nowMs: () => nowMs, random });
  return {
    asked,
    find: async (keyId: string, sender = "one") => (await keys.find(keyId, sender)) !== undefined,
    wait: (seconds: number) => void (nowMs += seconds * 1_000),
  };
}

test("a key is read once, also where its first notifications come together", async () => {
  const signer = newSigner();
  const { find, asked } = keysOf(signer);
  const together = [find(signer.keyId), find(signer.keyId.toUpperCase()), find(signer.keyId)];
  expect(await Promise.all(together)).toEqual([true, true, true]);
  expect(await find(signer.keyId)).toBe(true);
  expect(asked).toEqual([signer.keyId]);
});

test("ids that are made up cost Circle twenty questions a minute, all of them together, and hide no key that is known", async () => {
  const signer = newSigner();
  const { find, asked, wait } = keysOf(signer);
  expect(await find(signer.keyId)).toBe(true);
  for (let second = 0; second < 300; second += 1) {
    for (let n = 0; n < 20; n += 1) expect(await find(randomUUID(), `sender ${n}`)).toBe(false);
    wait(1);
  }
  expect(asked.length).toBeLessThanOrEqual(1 + 4 + 5 * 20);
  expect(await find(signer.keyId)).toBe(true);
});

/** Circle notifies once in five seconds, others name ids of their own without end; answers the seconds until its key is known. */
async function learn({ floods, sender }: { floods: readonly string[]; sender: string }) {
  const circle = newSigner();
  const { find, wait } = keysOf(circle);
  // It has gone on for a while already.
  for (let second = -60; second < 900; second += 1) {
    for (const from of floods) {
      for (let n = 0; n < 5; n += 1) await find(randomUUID(), from);
    }
    if (second >= 0 && second % 5 === 0 && (await find(circle.keyId, sender))) return second;
    wait(1);
  }
  return Infinity;
}

const SENDERS = Array.from({ length: 50 }, (_, n) => `flood ${n}`);

test("under a flood of made-up ids from one address a new key is learnt within seconds", async () => {
  expect(await learn({ floods: SENDERS.slice(0, 1), sender: "circle" })).toBeLessThanOrEqual(15);
});

test("under a flood of made-up ids from fifty addresses a new key is learnt within three minutes", async () => {
  expect(await learn({ floods: SENDERS, sender: "circle" })).toBeLessThanOrEqual(180);
});

test("where a proxy hides who sends, the id that comes again and again is learnt within minutes", async () => {
  const seconds = await learn({ floods: ["proxy"], sender: "proxy" });
  expect(seconds).toBeLessThanOrEqual(600);
});

test("no more senders wait than there are places, and a turn makes room for another", async () => {
  const signer = newSigner();
  const { find, wait, asked } = keysOf(signer);
  for (let n = 0; n < 1_000; n += 1) await find(randomUUID(), `flood ${n}`);
  expect(await find(signer.keyId, "circle")).toBe(false);
  wait(3);
  await find(randomUUID(), "flood 4");
  for (let turn = 0; turn < 256; turn += 1) {
    await find(signer.keyId, "circle");
    wait(3);
  }
  expect(await find(signer.keyId, "circle")).toBe(true);
  expect(asked).toHaveLength(4 + 1 + 256);
});

test("a key that Circle did not tell is asked for again, a minute later", async () => {
  const signer = newSigner();
  const late: CircleSigner[] = [];
  const { find, wait, asked } = keysOfList(late);
  expect(await find(signer.keyId)).toBe(false);
  late.push(signer);
  wait(59);
  expect(await find(signer.keyId)).toBe(false);
  expect(asked).toHaveLength(1);
  wait(1);
  expect(await find(signer.keyId)).toBe(true);
});

test("what is no id is never put into an address of Circle's", async () => {
  const { find, asked } = keysOf();
  const many = ["", "x", "../../v1/w3s/wallets", `${randomUUID()}/x`, `${randomUUID()}\n`];
  for (const id of many) expect(await find(id)).toBe(false);
  expect(asked).toEqual([]);
});

test("only sixteen keys are kept, the newest", async () => {
  const signers = Array.from({ length: 17 }, () => newSigner());
  const { find, asked, wait } = keysOf(...signers);
  for (const { keyId } of signers) {
    wait(60);
    expect(await find(keyId)).toBe(true);
  }
  await find(signers[1]?.keyId ?? "");
  expect(asked).toHaveLength(17);
  await find(signers[0]?.keyId ?? "");
  wait(60);
  expect(await find(signers[0]?.keyId ?? "")).toBe(true);
  expect(asked).toHaveLength(18);
});

test("a key of another curve than Circle's is none", async () => {
  const signer = newSigner(randomUUID(), "P-384");
  expect(await keysOf(signer).find(signer.keyId)).toBe(false);
});
