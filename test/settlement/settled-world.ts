import type { Database } from "../../src/database/pool.ts";
import { paymentIdOfRef } from "../../src/payment/ids.ts";
import type { FollowedBlock } from "../../src/payment/pay-once-log.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import type { ChainSource } from "../../src/settlement/verify-chain.ts";
import type { Slot, SlotSource } from "../../src/settlement/verify-slots.ts";
import { createWorld, insertPlanned, insertSend, itemsOf } from "./settle-world.ts";

/** One payment completed, one failed after its void, one still waiting, a few empty blocks; and the chain to compare with. */
export async function settledWorld(pool: Database) {
  const { chain, deps } = await createWorld(pool);
  const payments = await insertPlanned(pool, ["paid", "voided", "waiting"]);
  const [paid, voided, waiting] = payments;
  const pay = chain.pay(itemsOf(payments), {
    refuse: (id) => (id === paid.id ? undefined : "odd"),
  });
  await insertSend(pool, payments, { hashes: [pay] });
  const blocks = [chain.mine(), chain.mine()];
  await settleBlocks(deps, blocks);
  const voidHash = chain.void([{ paymentId: voided.id, generation: 1 }]);
  await insertSend(pool, [voided], { kind: "void", hashes: [voidHash] });
  blocks.push(chain.mine());
  await settleBlocks(deps, blocks.slice(2));
  return {
    blocks,
    deps,
    paid,
    voided,
    waiting,
    model: chain,
    chain: sourceOf(blocks, chain.slotOf),
  };
}

export function sourceOf(
  blocks: readonly FollowedBlock[],
  slotOf: (paymentId: string) => Slot,
): ChainSource & SlotSource {
  const blockAt = (number: bigint) => {
    const block = blocks.find(({ header }) => header.number === number);
    if (!block) throw new Error(`block ${number} is not scripted`);
    return block;
  };
  return {
    header: async (number) => blockAt(number).header,
    payOnceLogs: async ({ number }) => blockAt(number).logs,
    slots: async (refs) => refs.map((ref) => slotOf(paymentIdOfRef(ref) ?? "")),
  };
}
