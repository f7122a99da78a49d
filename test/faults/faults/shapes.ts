import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { z } from "zod";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { World } from "../../e2e/world.ts";
import type { Armed } from "../boxes/armed.ts";
import type { Cell, Fault, StartedFault } from "../fault.ts";

export const BOTH_RAILS: readonly Rail[] = ["circle", "arc"];

/** How long a part is away or a condition holds: several of the service's tries, and far below its deadlines. */
export const OUTAGE_MS = 1_500;

/** Whoever ends a fault before its occasion came waits for it so long. */
const OCCASION_WITHIN_MS = 20_000;

const LOOK_MS = 50;

export interface FaultTitle extends Pick<Fault, "name" | "part"> {
  /** Both unless told. */
  readonly rails?: readonly Rail[];
  readonly needsSilence?: boolean;
}

function fault({ rails = BOTH_RAILS, ...title }: FaultTitle, start: Fault["start"]): Fault {
  return { ...title, rails, start };
}

/** Waits in the boxes for its occasions, from the start to the end. */
export function armed(title: FaultTitle, arm: (cell: Cell) => readonly Armed[]): Fault {
  return fault(title, async (cell) => {
    const all = arm(cell);
    return {
      struck: () => all.reduce((sum, each) => sum + each.struck(), 0),
      async end() {
        for (const each of all) each.disarm();
      },
    };
  });
}

/**
 * Does something once, by itself, as soon as a payment is under way; `act` answers how often it struck. Its end waits for
 * that.
 */
export function midway(title: FaultTitle, act: (cell: Cell) => Promise<number>): Fault {
  return fault(title, async (cell) =>
    begun(async (signal) => ((await untilPaying(cell.world, signal)) ? act(cell) : 0)),
  );
}

/** Something that goes on by itself and answers how often it struck; what ends it waits for it. */
export function begun(act: (signal: AbortSignal) => Promise<number>): StartedFault {
  const over = new AbortController();
  let struck = 0;
  const acting = act(over.signal).then((count) => {
    struck = count;
  });
  return endingWith(over, acting, () => struck);
}

/**
 * Holds from the start until `OUTAGE_MS` after a payment came under way, which its end waits for. What `begin` answers puts things
 * right; unless it says otherwise it struck whatever payment could not end meanwhile.
 */
export function meanwhile(
  title: FaultTitle,
  begin: (cell: Cell) => Promise<{
    readonly lift: () => Promise<void>;
    readonly struck?: () => number;
  }>,
): Fault {
  return fault(title, async (cell) => {
    const over = new AbortController();
    let waiting = 0;
    const { lift, struck = () => waiting } = await begin(cell);
    const liftLater = async () => {
      try {
        if (await untilPaying(cell.world, over.signal)) await pause(OUTAGE_MS, over.signal);
        waiting = await unresolved(cell.world);
      } finally {
        await lift();
      }
    };
    return endingWith(over, liftLater(), struck);
  });
}

function endingWith(
  over: AbortController,
  work: Promise<unknown>,
  struck: () => number,
): StartedFault {
  // Whoever ends the fault is told; until then nobody listens.
  work.catch(() => undefined);
  return {
    struck,
    async end() {
      const gaveUp = new AbortController();
      await Promise.race([work, pause(OCCASION_WITHIN_MS, gaveUp.signal)]);
      gaveUp.abort();
      over.abort();
      await work;
    },
  };
}

/** Payments that have no outcome yet. */
export async function unresolved({ pool }: World): Promise<number> {
  return countPayments(pool, sql.fragment`state NOT IN ('completed', 'failed')`);
}

/** Payments that were paid. */
export async function completed({ pool }: World): Promise<number> {
  return countPayments(pool, sql.fragment`state = 'completed'`);
}

async function countPayments(
  pool: World["pool"],
  where: ReturnType<typeof sql.fragment>,
): Promise<number> {
  const count = await pool.oneFirst(
    sql.type(z.object({ count: z.bigint() }))`SELECT count(*) FROM payments WHERE ${where}`,
  );
  return Number(count);
}

/** True once a payment is under way; false when the signal comes first. */
async function untilPaying(world: World, signal: AbortSignal): Promise<boolean> {
  return untilTrue(async () => (await unresolved(world)) > 0, signal);
}

/** True once it holds; false when the signal comes first. What cannot be asked now is asked again. */
export async function untilTrue(
  holds: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if (await holds().catch(() => false)) return true;
    await pause(LOOK_MS, signal);
  }
  return false;
}

export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
}
