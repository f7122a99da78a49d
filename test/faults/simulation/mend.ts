import { addressOf } from "../../support/seed.ts";
import { PLATFORM_IDS } from "./platforms.ts";
import type { Troubles, World } from "./world.ts";

const RICH = 10n ** 12n;
export const PAYERS: readonly string[] = PLATFORM_IDS.map(addressOf);

/** Everything outside works and everybody is funded. */
export function mend({ chain, troubles }: World): void {
  Object.assign(troubles, {
    chainAway: false,
    circleAway: false,
    kafkaAway: false,
    databaseAway: false,
    nodeLagBlocks: 0,
    operatorsBroke: false,
  } satisfies Troubles);
  chain.model.blocked.clear();
  for (const payer of PAYERS) {
    chain.model.balances.set(payer as `0x${string}`, RICH);
    chain.model.allowances.set(payer as `0x${string}`, RICH);
  }
  chain.baseFeePerGas = 20_000_000_000n;
}

/** Deals the partitions out to those of the group who take part; a process that stands still misses it. */
export function rebalance({ kafka }: World): void {
  const present = [...kafka.members].filter(({ process }) => !process.isDead && !process.frozen);
  for (const member of kafka.members) if (!present.includes(member)) member.expel();
  for (const [index, member] of present.entries()) {
    const mine = Array.from({ length: kafka.partitions }, (_, partition) => partition).filter(
      (partition) => partition % present.length === index,
    );
    member.rejoin(mine);
  }
}
