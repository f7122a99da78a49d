import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { z } from "zod";
import { sdkOf } from "../sandbox/circle/circle-world.ts";
import type { FaultSpec } from "../../sandbox/circle/control/fault-spec.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import { verifyTransfers } from "../../src/settlement/verify-transfers.ts";
import { confirmDeps, instanceOf, readerOf } from "../../src/stage-deps.ts";
import { units } from "../support/acceptance.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { startLineWorld, type LineWorld } from "../regression/line-world.ts";
import { startLine, type Line } from "../regression/start-line.ts";

/** 50 USDC less 2 %. */
export const NET = 49_000_000n;

const MONEY = 10n ** 12n;
const GAS = 100n * 10n ** 18n;

/** The line's world, with a payer whose wallet is Circle's. */
export interface TransferWorld extends LineWorld {
  /** Rich in both tokens. */
  readonly payer: string;
  /** Another wallet of the same account, with as much USDC as told. */
  newWallet(usdc: bigint, native?: bigint): Promise<string>;
  /** Queues a fault for the POSTs of transfers. */
  onTransfer(fault: FaultSpec): Promise<string>;
  /** Circle's transactions of a payment: their refIds are its sends' ids. */
  madeFor(line: Line): Promise<readonly { id: string; state: string; refId: string }[]>;
  posts(): Promise<number>;
}

export async function startTransferWorld(): Promise<TransferWorld> {
  const world = await startLineWorld();
  const { circle, chain, control } = world;
  const newWallet = async (usdc: bigint, native = GAS) => {
    const { data } = await sdkOf(circle).createWallets({
      blockchains: ["ARC-TESTNET"],
      count: 1,
      walletSetId: circle.walletSetId,
      idempotencyKey: randomUUID(),
    });
    const address = data?.wallets[0]?.address as `0x${string}`;
    await chain.fund(address, { native, usdc, eurc: MONEY });
    return address.toLowerCase();
  };
  return {
    ...world,
    payer: await newWallet(MONEY),
    newWallet,
    onTransfer: (fault) =>
      control.inject({
        ...fault,
        match: { method: "POST", path: "/developer/transactions/transfer" },
      }),
    async madeFor({ pool }) {
      const sends = (await rowsOf(pool, "transactions")) as { id: string }[];
      const ids = new Set(sends.map(({ id }) => id));
      return (await control.transactions()).filter(({ refId }) => ids.has(refId));
    },
    async posts() {
      const { endpoints } = await control.stats();
      return endpoints["POST /v1/w3s/developer/transactions/transfer"]?.requests ?? 0;
    },
  };
}

export function startTransferLine(
  world: LineWorld,
  settings: Record<string, string> = {},
): Promise<Line> {
  return startLine(world, "circle", { PAYMENT_METHOD: "transfer", ...settings });
}

/** A completed task of 50 USDC by a worker of its own; answers the worker's wallet. */
export async function seed(
  { pool }: Line,
  taskId: string,
  { payer, currency = "USDC" }: { payer: string; currency?: string },
): Promise<string> {
  const worker = `${taskId}-${randomUUID().slice(0, 8)}`;
  await insertPlatform(pool, { id: "platform-1", walletAddress: payer });
  await insertWorker(pool, { id: taskId, walletAddress: addressOf(worker) });
  await insertTasks(pool, [
    { platformId: "platform-1", id: taskId, workerId: taskId, amount: units(50), currency },
  ]);
  return addressOf(worker);
}

/** Passes time for the keys of all transfers. */
export async function age({ pool }: Line, minutes: number): Promise<void> {
  await pool.query(sql.type(z.unknown())`
    UPDATE transactions SET first_posted_at = first_posted_at - ${minutes} * interval '1 minute'`);
}

/** What stands in the audit log, in order. */
export async function auditOf({ pool }: Line): Promise<string[]> {
  const entries = (await rowsOf(pool, "audit_log")) as { id: bigint; action: string }[];
  return entries.toSorted((a, b) => Number(a.id - b.id)).map(({ action }) => action);
}

/** What verifying says of it, by kind. */
export async function mismatchesOf(line: Line): Promise<string[]> {
  const { connected, pool } = line;
  const instance = instanceOf(connected.config);
  const ledger = await verifyLedger(
    { pool, instance, chain: { ...readerOf(connected), slots: async () => [] } },
    { lateAfterMs: 3_600_000 },
  );
  const transfers = await verifyTransfers({ pool, transfers: confirmDeps(connected).transfers });
  return [...ledger.mismatches, ...transfers].map(({ kind }) => kind);
}
