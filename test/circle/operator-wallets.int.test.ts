import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circleControl } from "../../sandbox/circle/control-client.ts";
import { startCircle, type CircleEmulator } from "../../sandbox/circle/start-circle.ts";
import { createCircleClient, type CircleClient } from "../../src/circle/client.ts";
import { readOperatorWallets } from "../../src/circle/operator-wallets.ts";

/** Wallets are looked up without the chain, so none is there. */
const CHAIN = { rpcUrl: "http://127.0.0.1:1", chainId: 5042002 };
const SIGNAL = new AbortController().signal;
const keys = [generatePrivateKey(), generatePrivateKey()];
const wallets = keys.map((privateKey) => ({ privateKey }));

let circle: CircleEmulator;
let walletIds: readonly string[];
beforeAll(async () => {
  circle = await startCircle({ ...CHAIN, wallets });
  walletIds = circle.operatorWallets.map(({ id }) => id);
});
afterAll(() => circle.stop());

function look(
  ids: readonly string[] = walletIds,
  { blockchain = "ARC-TESTNET", client = createCircleClient(circle) } = {},
) {
  return readOperatorWallets(client, ids, blockchain, SIGNAL);
}

const mismatch = (message: RegExp) => ({
  code: "DEPLOYMENT_MISMATCH",
  disposition: "reject",
  message: expect.stringMatching(message),
});

test("the wallets are found in the order given, with lower-case addresses", async () => {
  const addresses = keys.map((key) => privateKeyToAddress(key).toLowerCase());
  expect((await look()).map(({ address }) => address)).toEqual(addresses);
  const reversed = await look(walletIds.toReversed());
  expect(reversed.map(({ address }) => address)).toEqual(addresses.toReversed());
});

test("a wallet of another chain is refused, and both chains are named", async () => {
  const refused = mismatch(/is on ARC-TESTNET, not on ARC:/);
  await expect(look(walletIds, { blockchain: "ARC" })).rejects.toMatchObject(refused);
});

test.each(["00000000-0000-4000-8000-000000000000", "not-a-uuid"])(
  "a wallet that Circle does not know is refused by name: %s",
  async (id) => {
    const refused = mismatch(new RegExp(`${id} does not exist`));
    await expect(look([...walletIds, id])).rejects.toMatchObject(refused);
  },
);

test("an API key that Circle refuses is refused, and its setting is named", async () => {
  const client = createCircleClient({ ...circle, apiKey: "TEST_API_KEY:no:no" });
  await expect(look(walletIds, { client })).rejects.toMatchObject(mismatch(/CIRCLE_API_KEY/));
});

test("a Circle that is away, silent, ill or busy is worth another try", async () => {
  const unavailable = { code: "CIRCLE_UNAVAILABLE", disposition: "retry" };
  const away = createCircleClient({ ...circle, baseUrl: "http://127.0.0.1:1" });
  await expect(look(walletIds, { client: away })).rejects.toMatchObject(unavailable);
  const control = circleControl(circle.controlUrl);
  await control.inject({ kind: "hang", executed: false });
  const hasty = createCircleClient(circle, { callTimeoutMs: 100 });
  await expect(look(walletIds, { client: hasty })).rejects.toMatchObject(unavailable);
  await control.inject({ kind: "answer", executed: false, status: 502, body: "html" });
  await expect(look()).rejects.toMatchObject(unavailable);
  await control.inject({ kind: "answer", executed: false, status: 429, body: "none" });
  await expect(look()).rejects.toMatchObject({ code: "CIRCLE_THROTTLED", disposition: "retry" });
  expect(await look()).toHaveLength(2);
});

/** A double of Circle: the emulator has no such wallets. */
function clientThatShows(changes: object): CircleClient {
  const address = `0x${"a".repeat(40)}`;
  const wallet = { id: "w", address, blockchain: "ARC-TESTNET", state: "LIVE", ...changes };
  return { call: async <T>() => ({ data: { wallet } }) as T };
}

test.each([
  ["frozen", { state: "FROZEN", accountType: "EOA" }, /is FROZEN/],
  ["an SCA", { accountType: "SCA" }, /not an EOA wallet/],
])("a wallet that is %s is refused", async (_, changes, why) => {
  const client = clientThatShows(changes);
  await expect(look(["w"], { client })).rejects.toMatchObject(mismatch(why));
});
