import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { CircleClient } from "../../src/circle/client.ts";
import { createCircleLane } from "../../src/circle/lane.ts";
import { createPacer } from "../../src/circle/pacer.ts";
import { readOperatorWallets } from "../../src/circle/operator-wallets.ts";
import { reportState } from "../../src/circle/report-state.ts";
import { translatePostError } from "../../src/circle/translate-error.ts";
import { loadConfig } from "../../src/config.ts";
import type { StoredSend } from "../../src/dispatch/rail.ts";
import { dispositionOf, PaymentError } from "../../src/errors.ts";
import { circleBlockchain } from "../../src/lanes.ts";
import { addressOf } from "../support/seed.ts";

const SIGNAL = new AbortController().signal;

/** Circle as it answers every call with this, the SDK left out. */
const answering = (data: unknown): CircleClient => ({
  call: <T>() => Promise.resolve({ data } as T),
});

test.each([{}, { id: "" }, undefined])(
  "GigStream defect 1: an answer without an id (%j) is doubt, never an id of our own making",
  async (data) => {
    const wallet = { walletId: "wallet", address: addressOf("operator") };
    const lane = createCircleLane({
      client: answering(data),
      wallets: [wallet],
      payOnce: addressOf("PayOnce"),
      posts: createPacer(1_000),
      gets: createPacer(1_000),
      log: pino({ level: "silent" }),
    });
    const draft = { operator: wallet.address, calldata: "0x00", gasLimit: 1n } as const;
    const send: StoredSend = {
      ...draft,
      id: randomUUID(),
      kind: "pay",
      itemCount: 1,
      createdAt: new Date(),
      ticket: await lane.prepare(draft),
    };
    const report = await lane.submit(send, SIGNAL);
    expect(report).toMatchObject({ kind: "retry", code: "circle_unanswered" });
    expect(report).not.toHaveProperty("capacity");
  },
);

const wallet = {
  id: "wallet",
  address: "0xABCDEF0000000000000000000000000000000001",
  blockchain: "ARC-TESTNET",
  state: "LIVE",
  accountType: "EOA",
};

test("GigStream defect 14: an operator wallet is an EOA on the configured Arc chain", async () => {
  const read = readOperatorWallets(answering({ wallet }), ["wallet"], "ARC-TESTNET", SIGNAL);
  expect(await read).toEqual([{ walletId: "wallet", address: wallet.address.toLowerCase() }]);
  expect([5042002, 5042].map(circleBlockchain)).toEqual(["ARC-TESTNET", "ARC"]);
});

test.each([
  ["on Polygon's testnet", { blockchain: "MATIC-AMOY" }, /MATIC-AMOY, not on ARC-TESTNET/],
  ["on Arc's other network", { blockchain: "ARC" }, /on ARC, not/],
  ["an SCA", { accountType: "SCA" }, /not an EOA/],
  ["frozen", { state: "FROZEN" }, /FROZEN/],
])("GigStream defect 14: an operator wallet that is %s is refused", async (_, changes, words) => {
  const client = answering({ wallet: { ...wallet, ...changes } });
  const refusal = await readOperatorWallets(client, ["wallet"], "ARC-TESTNET", SIGNAL).catch(
    (error: unknown) => error,
  );
  // Not `retry`: start-up waits for what is away, and ends at what only a person mends.
  expect(refusal).toMatchObject({ code: "DEPLOYMENT_MISMATCH", disposition: "reject" });
  expect((refusal as Error).message).toMatch(words);
});

test("GigStream defect 14: a chain that is not Arc is no setting", () => {
  expect(() => loadConfig({ ARC_CHAIN_ID: "80002" })).toThrow(/"80002" is not Arc/);
});

test.each(["CONFIRMED", "COMPLETE", "success", "SUCCESS", "STUCK", "anything"])(
  "GigStream defect 15: state %s leaves a send open: neither paid nor over",
  (state) => {
    expect(reportState({ id: "id", state }).kind).toBe("accepted");
  },
);

test("GigStream defect 15: Circle's reason of a failure is kept, and decides whether it was the payment's fault", () => {
  const failed = (errorReason: string) =>
    reportState({ id: "id", state: "FAILED", errorReason, errorDetails: "why" });
  expect(failed("ESTIMATION_ERROR")).toEqual({
    kind: "dead",
    code: "circle_failed",
    detail: "ESTIMATION_ERROR: why",
  });
  expect(failed("INSUFFICIENT_NATIVE_TOKEN")).toEqual({
    kind: "refused",
    code: "operator_out_of_gas",
    detail: "INSUFFICIENT_NATIVE_TOKEN: why",
  });
});

test.each(["not found", "invalid request", "timeout", ""])(
  "GigStream defect 17: an unknown error (%j) means look first, whatever its words",
  (words) => {
    expect(dispositionOf(new Error(words))).toBe("reconcile");
    expect(dispositionOf(words)).toBe("reconcile");
    expect(translatePostError(new Error(words))).not.toHaveProperty("capacity");
    expect(dispositionOf(new PaymentError("CHAIN_REJECTED", "reject", words))).toBe("reject");
  },
);
