import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { CircleClient } from "../../src/circle/client.ts";
import { createNotificationKeys } from "../../src/circle/notification-keys.ts";
import { createPacer } from "../../src/circle/pacer.ts";
import { newSigner, type CircleSigner } from "./circle-signer.ts";

/** A double of Circle that knows these keys: the emulator has only one. */
function keysOf(...signers: readonly CircleSigner[]) {
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
  const keys = createNotificationKeys({ client, gets: createPacer(1_000), log }, () => nowMs);
  return {
    asked,
    find: async (keyId: string) => (await keys.find(keyId)) !== undefined,
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

test("ids that are made up cost Circle one question a minute, all of them together, and hide no key that is known", async () => {
  const signer = newSigner();
  const { find, asked, wait } = keysOf(signer);
  expect(await find(signer.keyId)).toBe(true);
  for (let minute = 1; minute <= 3; minute += 1) {
    wait(60);
    for (let n = 0; n < 50; n += 1) expect(await find(randomUUID())).toBe(false);
    expect(asked).toHaveLength(1 + minute);
    expect(await find(signer.keyId)).toBe(true);
  }
});

test("a key that Circle did not tell is asked for again, a minute later", async () => {
  const signer = newSigner();
  const { find, wait } = keysOf(signer);
  await find(randomUUID());
  expect(await find(signer.keyId)).toBe(false);
  wait(59);
  expect(await find(signer.keyId)).toBe(false);
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
