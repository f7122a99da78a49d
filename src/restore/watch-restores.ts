/**
 * The watch for a database that has forgotten something. At start, and every minute: what Kafka, our own topics and the
 * chain know that this database does not. Every second: the server itself, and what the instances have written down.
 * While a restore is open: our own topics are read to their ends again and again, until an operator closes it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { anyRow } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import { adoptAnnounced, findUnadopted } from "./adopt-announced.ts";
import { adoptOwnTopics, type AdoptDeps } from "./adopt-own-topics.ts";
import {
  findNonceSigns,
  findOffsetSigns,
  type NonceSources,
  type OffsetSources,
} from "./find-signs.ts";
import { openRestore } from "./open-restore.ts";
import { readRestore } from "./read-restore.ts";
import type { ServerWatch } from "./watch-server.ts";

export interface WatchDeps extends AdoptDeps, OffsetSources, NonceSources {
  readonly server: ServerWatch;
  /** Binds a database that is younger than this deployment; throws DEPLOYMENT_MISMATCH where it is another's. */
  readonly bind: () => Promise<void>;
  /** Judges again what waited for the operator's word; called once an operator has closed a restore. */
  readonly onClosed: () => Promise<void>;
}

export interface RestoreWatch {
  /** Resolves once everything was asked for the first time: until then nothing may fail or leave. */
  readonly checked: Promise<void>;
  /** A restore was noticed or declared and is not closed, as of a second ago at most. */
  readonly isOpen: () => boolean;
  /** Runs `work` while no restore is open, again and again, until the signal aborts. */
  readonly whileClosed: (
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Resolves when the signal has aborted. */
  readonly ended: Promise<void>;
}

const TICK_MS = 1_000;
const FULL_CHECK_MS = 60_000;
const FIRST_RETRY_MS = 250;

export function watchRestores(deps: WatchDeps, signal: AbortSignal): RestoreWatch {
  const checked = Promise.withResolvers<void>();
  const opened = createSwitch();
  return {
    checked: checked.promise,
    isOpen: opened.isOn,
    ended: run(),
    async whileClosed(work, outer) {
      await Promise.race([checked.promise, aborted(outer)]);
      while (!outer.aborted) {
        if (opened.isOn())
          await delay(TICK_MS, undefined, { signal: outer }).catch(() => undefined);
        else await work(AbortSignal.any([outer, opened.signal()]));
      }
    },
  };

  async function run(): Promise<void> {
    let isChecked = false;
    let isFailing = false;
    let checkedAtMs = -Infinity;
    let closed = 0;
    while (!signal.aborted) {
      try {
        await deps.server.look(deps.pool);
        if (performance.now() - checkedAtMs >= FULL_CHECK_MS) {
          await checkForRestore(deps, signal);
          checkedAtMs = performance.now();
        }
        const { open, closedOfLate } = await readRestore(deps.pool);
        opened.set(open !== null);
        if (open) await learn(deps, signal);
        isChecked = true;
        checked.resolve();
        if (!open && closedOfLate > closed) await deps.onClosed();
        if (!open) closed = closedOfLate;
        isFailing = false;
      } catch (error) {
        if (!isFailing && !signal.aborted) {
          deps.log.warn({ err: error }, "could not look for signs of a restored backup");
        }
        isFailing = true;
      }
      const waitMs = isChecked ? TICK_MS : FIRST_RETRY_MS;
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Asks everything once, and opens a restore where one of them knows more than this database. Throws what it cannot ask. */
async function checkForRestore(
  deps: AdoptDeps & OffsetSources & NonceSources,
  signal: AbortSignal,
): Promise<void> {
  const signs = [...(await findOffsetSigns(deps)), ...(await findNonceSigns(deps))];
  for (const sign of signs) await openRestore({ db: deps.pool, log: deps.log }, sign);
  await adoptOwnTopics(deps, signal);
}

/**
 * What must be known before anything is said again: our own topics, to their ends, and how far the consumer was, so that what
 * it has yet to read again belongs to this restore and opens no other.
 */
async function learn(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  await deps.bind();
  for (const sign of await findOffsetSigns(deps)) {
    await openRestore({ db: deps.pool, log: deps.log }, sign);
  }
  await adoptOwnTopics(deps, signal);
  await transact(deps.pool, async (tx) => {
    const ids = await findUnadopted(tx);
    if (ids.length > 0) await adoptAnnounced(tx, ids);
  });
  await askDatabase(() =>
    deps.pool.query(sql.type(anyRow)`
      UPDATE restores SET topics_read_at = payment_now() WHERE closed_at IS NULL AND topics_read_at IS NULL`),
  );
}

/** On while a restore is open; its signal aborts when it is turned on. */
function createSwitch() {
  let isOn = false;
  let turnedOn = new AbortController();
  return {
    isOn: () => isOn,
    signal: () => turnedOn.signal,
    set(on: boolean): void {
      if (on === isOn) return;
      isOn = on;
      if (on) turnedOn.abort();
      else turnedOn = new AbortController();
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
