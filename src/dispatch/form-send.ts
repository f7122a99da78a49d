import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import { chooseBatch, type Batch, type Purse, type Shortage } from "./choose-batch.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import { pairKey, type Queue } from "./due-queues.ts";
import type { KnownFunds } from "./funds-book.ts";
import { pickDue, type DuePayment } from "./pick-due.ts";
import type { Lane, SendDraft, StoredSend } from "./rail.ts";
import { readReserved } from "./reserved-funds.ts";
import { draftTransfer } from "./draft-transfer.ts";
import { claimPayments, writeSend, type ClaimedPayment } from "./write-send.ts";

/** What the turn decided outside the transaction. */
export interface FormingPlan {
  /** Who sends it; `payer`: a plain transfer, which its payer's own wallet sends. */
  readonly operator: string;
  /** The most payments that this send may carry. */
  readonly sizeMax: number;
  /** Due queues in turn order; of pay queues only those whose payer's funds are known. */
  readonly queues: readonly Queue[];
  readonly funds: ReadonlyMap<string, KnownFunds>;
  readonly lastGroup: string | undefined;
}

export interface Formed {
  readonly send: StoredSend | undefined;
  /** With those that were claimed. */
  readonly batch: (Batch & { readonly payments: readonly ClaimedPayment[] }) | undefined;
  readonly shortages: readonly Shortage[];
  /** As `Choice` says it. */
  readonly leavesSome: boolean;
}

/** Any constant: lanes form in turn, so that two of them never promise the same payer's funds twice. */
const FORMING_LOCK = 7_316_202;

/**
 * Commit 2: takes one batch of due payments and stores the send that carries them, before anything leaves.
 * If it throws, nobody knows whether it was committed: the lane must forget its memory and be opened again.
 */
export async function formSend(deps: DispatchDeps, lane: Lane, plan: FormingPlan): Promise<Formed> {
  await failpoint("send.before");
  const formed = await transact(deps.database, async (tx): Promise<Formed> => {
    await tx.query(sql.prepared("dispatch-lock", anyRow)`
      SELECT pg_advisory_xact_lock(${FORMING_LOCK})`);
    const purses = await readPurses(tx, plan);
    const { batch, ...left } = await pickBatch(tx, lane, plan, purses);
    if (!batch) return { send: undefined, batch, ...left };
    const payments = await claimPayments(tx, batch.payments);
    if (payments.length === 0) return { send: undefined, batch: undefined, ...left };
    const draft =
      lane.method === "transfer"
        ? await draftTransfer(tx, payments)
        : draftOf(deps, plan.operator, { ...batch, payments });
    const ticket = await lane.prepare(draft);
    const { intent } = batch;
    const send = await writeSend(tx, deps, lane, { intent, payments, draft, ticket });
    await failpoint("send.before_commit");
    return { send, batch: { ...batch, payments }, ...left };
  });
  if (!formed.send) return formed;
  await failpoint("send.committed");
  lane.committed(formed.send.ticket);
  return formed;
}

async function readPurses(tx: Transaction, plan: FormingPlan): Promise<Map<string, Purse>> {
  const known = [...plan.funds.values()];
  const reserved = await readReserved(tx, known);
  return new Map(
    known.map((funds) => [
      pairKey(funds),
      { spendable: funds.spendable, reserved: reserved.get(pairKey(funds)) ?? 0n },
    ]),
  );
}

/**
 * Reads each queue's share of a batch, and only if that leaves room and a queue had more, as much as would fill it: the
 * cost stays near the number of queues plus one batch, be they even or one of them a backlog.
 */
async function pickBatch(
  tx: Transaction,
  lane: Lane,
  plan: FormingPlan,
  purses: ReadonlyMap<string, Purse>,
): Promise<ReturnType<typeof chooseBatch>> {
  const { queues, sizeMax, lastGroup } = plan;
  const share = Math.ceil(sizeMax / queues.length);
  const picked = await pickDue(tx, lane.rail, queues, share);
  const choice = chooseBatch(picked, purses, { sizeMax, lastGroup });
  const hasRoom = choice.batch === undefined || choice.batch.payments.length < choice.batch.sizeMax;
  const longer = queues.filter((_, i) => (picked[i]?.length ?? 0) >= share);
  if (!hasRoom || share >= sizeMax || longer.length === 0) return choice;
  const more = new Map<Queue, readonly DuePayment[]>();
  for (const [i, payments] of (await pickDue(tx, lane.rail, longer, sizeMax)).entries()) {
    const queue = longer[i];
    if (queue) more.set(queue, payments);
  }
  const filled = queues.map((queue, i) => more.get(queue) ?? picked[i] ?? []);
  return chooseBatch(filled, purses, { sizeMax, lastGroup });
}

/** A batch that failed before gets more gas: want of it may have been the reason. */
function draftOf(deps: DispatchDeps, operator: string, batch: Batch): SendDraft {
  const { intent, payments, capped } = batch;
  const calldata =
    intent === "pay" ? deps.calls.encodePay(payments) : deps.calls.encodeVoid(payments);
  return { operator, calldata, gasLimit: deps.calls.gasLimit(intent, payments.length, capped) };
}
