import { sql } from "slonik";
import { parseEventLogs } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { nameOperatorCall, revokeOperatorCall } from "../../src/arc/admin-calls.ts";
import { sendAdminCall } from "../../src/arc/admin.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { localSigner } from "../../src/arc/signer.ts";
import { anyRow } from "../../src/database/pool.ts";
import { units } from "../support/acceptance.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { startLineWorld, type LineWorld, type Payer } from "./line-world.ts";
import { startLine, type Line } from "./start-line.ts";

let world: LineWorld;
beforeAll(async () => {
  world = await startLineWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const MONEY = 10n ** 12n;

/** A platform that pays from this wallet, with one completed task, `${id}-task`, of 50 USDC. */
async function seed({ pool }: Line, id: string, { address }: Payer): Promise<string> {
  await insertPlatform(pool, { id, walletAddress: address });
  await insertWorker(pool, { id: `${id}-worker` });
  const task = { platformId: id, id: `${id}-task`, workerId: `${id}-worker`, amount: units(50) };
  await insertTasks(pool, [task]);
  return addressOf(`${id}-worker`);
}

const isCompleted = ({ state }: { state: string }) => state === "completed";
const eventOf = (id: string) => ({
  platformId: id,
  taskId: `${id}-task`,
  workerId: `${id}-worker`,
});

test.each(["circle", "arc"] as const)(
  "GigStream defect 11: each platform pays from its own wallet, and ours pays nothing, on %s",
  async (rail) => {
    await using line = await startLine(world, rail);
    const ids = [`${rail}-one`, `${rail}-two`];
    const platforms = await Promise.all(
      ids.map(async (id) => ({ id, payer: await world.newPayer() })),
    );
    const wallets = [...platforms.map(({ payer }) => payer.address), ...line.connected.operators];
    const balances = () => Promise.all(wallets.map((wallet) => world.usdcOf(wallet)));
    for (const { id, payer } of platforms) await seed(line, id, payer);
    const before = await balances();
    await line.submit(...ids.map(eventOf));
    for (const id of ids) await line.until(`${id}-task`, isCompleted, id);

    const after = await balances();
    expect(before.map((balance, index) => balance - (after[index] ?? 0n))).toEqual([
      49_000_000n,
      49_000_000n,
      0n,
    ]);
    for (const id of ids) expect(await world.usdcOf(addressOf(`${id}-worker`))).toBe(49_000_000n);
  },
);

test("GigStream defect 11: a platform without a wallet, or with the name of one, cannot be", async () => {
  await using line = await startLine(world, "arc");
  for (const wallet of [null, "", "platform-wallet-mock"]) {
    const insert = line.pool.query(sql.type(anyRow)`
      INSERT INTO platforms (id, name, wallet_address) VALUES ('nameless', 'nameless', ${wallet})`);
    await expect(insert).rejects.toThrow();
  }
  expect(await countOf(line.pool, "platforms")).toBe(0);
});

test("GigStream defect 16: what counts is the allowance of the platform that pays, not of whoever sends", async () => {
  const payer = await world.newPayer({ approves: false });
  await world.chain.fund(world.arcOperator, { usdc: MONEY });
  await world.chain.approve(world.arcOperatorKey, "USDC", world.payOnce, MONEY);
  await using line = await startLine(world, "arc");
  await seed(line, "unapproved", payer);
  await line.submit(eventOf("unapproved"));

  await expect
    .poll(() => rowsOf(line.pool, "payer_holds"), { timeout: 20_000 })
    .toMatchObject([{ payer: payer.address, allowance: "0.000000" }]);
  await line.blocks(5);
  expect(await countOf(line.pool, "transactions")).toBe(0);

  await world.chain.approve(payer.privateKey, "USDC", world.payOnce, MONEY);
  const payment = await line.until("unapproved-task", isCompleted, "unapproved");
  expect(payment.attempts).toHaveLength(1);
  expect(await world.usdcOf(world.arcOperator)).toBe(MONEY);
});

test("GigStream defect 16: a send that is mined and reverted is noticed by its receipt, and is no payment", async () => {
  await using line = await startLine(world, "arc", { PAYMENT_RETRY_DELAYS_MS: "3000,3000,3000" });
  const recipient = await seed(line, "reverted", await world.newPayer());
  await asAdmin(revokeOperatorCall(world.payOnce, world.arcOperator));
  await line.submit(eventOf("reverted"));

  const unpaid = await line.until(
    "reverted-task",
    ({ attempts }) => attempts[0]?.outcome === "reverted",
    "reverted",
  );
  expect(unpaid).toMatchObject({ state: "planned", txHash: null, failure: null });
  const [attempt] = unpaid.attempts;
  expect(await world.receiptOf(attempt?.txHash ?? "")).toMatchObject({ status: "reverted" });
  expect(await world.usdcOf(recipient)).toBe(0n);

  await asAdmin(nameOperatorCall(world.payOnce, world.arcOperator));
  const paid = await line.until("reverted-task", isCompleted, "reverted");
  expect(paid.attempts.map(({ outcome }) => outcome)).toEqual(["reverted", "paid"]);
  expect(await world.usdcOf(recipient)).toBe(49_000_000n);
});

test.each(["circle", "arc"] as const)(
  "GigStream defect 18: what was paid, by whom, to whom and where it stands on chain is written with it, on %s",
  async (rail) => {
    await using line = await startLine(world, rail);
    const id = `${rail}-written`;
    const payer = await world.newPayer();
    const recipient = await seed(line, id, payer);
    await line.submit(eventOf(id));
    const payment = await line.until(`${id}-task`, isCompleted, id);

    const receipt = await world.receiptOf(payment.txHash ?? "");
    const [paid] = parseEventLogs({ abi: payOnceAbi, eventName: "Paid", logs: receipt.logs });
    const where = { tx_hash: receipt.transactionHash, block_number: receipt.blockNumber };
    const operator = receipt.from.toLowerCase();
    expect(line.connected.operators).toEqual([operator]);
    const [send] = await rowsOf(line.pool, "transactions");
    expect(send).toMatchObject({ ...where, operator, state: "mined" });
    expect(await rowsOf(line.pool, "payments")).toMatchObject([
      {
        ...where,
        log_index: paid?.logIndex,
        payer: payer.address,
        recipient,
        token: world.chain.tokens.USDC.toLowerCase(),
        operator,
        amount: "50.000000",
        net_amount: "49.000000",
        fee: "1.000000",
        circle_transaction_id: rail === "circle" ? send?.["circle_id"] : null,
        settled_at: expect.any(Date),
      },
    ]);
    expect(await rowsOf(line.pool, "transaction_items")).toMatchObject([
      { payer: payer.address, recipient, amount: "49.000000", outcome: "paid" },
    ]);
    expect(await rowsOf(line.pool, "tasks")).toMatchObject([
      { status: "paid", paid_by: payment.id, paid_at: expect.any(Date) },
    ]);
  },
);

async function asAdmin(call: ReturnType<typeof nameOperatorCall>): Promise<void> {
  const { chain } = world;
  const deps = { rpc: createRpc({ urls: [chain.rpcUrl] }), chainId: chain.chainId };
  await sendAdminCall(deps, localSigner(chain.admin.privateKey), call, AbortSignal.timeout(30_000));
}
