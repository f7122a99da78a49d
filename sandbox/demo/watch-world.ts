import { setTimeout as delay } from "node:timers/promises";
import { connectEndOffsets } from "../audit/read-end-offsets.ts";
import type { StampReader } from "../audit/read-stamps.ts";
import { createTransferReader } from "../audit/read-transfers.ts";
import { watchTransfers } from "../audit/watch-transfers.ts";
import type { Board } from "./board/board.ts";
import { TOPICS, type DemoWorld } from "./world.ts";

/** Short beside the stages' budgets; ten look-ups by key a second are nothing beside the service's own statements. */
const STAMPS_EVERY_MS = 100;
const LAG_EVERY_MS = 500;

/** Keeps the board's chain, Postgres and lag up to date until disposed of; what cannot be read is read again. */
export async function watchWorld(
  world: DemoWorld,
  stamps: StampReader,
  board: Board,
): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { sandbox, payers } = world;
  const { rpcUrl, wsUrl, tokens } = sandbox.chain;
  const ends = await connectEndOffsets(sandbox.kafka.brokers);
  const reader = createTransferReader(rpcUrl, Object.values(tokens), payers);
  const watches = [
    watchTransfers(
      wsUrl,
      reader,
      (transfers, seenAtMs) => {
        for (const transfer of transfers) board.journeys.transfer(transfer, seenAtMs);
      },
      signal,
    ),
    repeat(STAMPS_EVERY_MS, signal, async () => {
      board.journeys.forget(Date.now());
      const asked = board.journeys.unstamped().map(({ task }) => task);
      for (const found of await stamps.stamps(asked)) board.journeys.stamp(found);
    }),
    repeat(LAG_EVERY_MS, signal, async () => {
      const taken = await stamps.takenIn(TOPICS.tasks);
      board.lag(Math.max(0, Number((await ends.of(TOPICS.tasks)) - taken)));
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(watches);
      await ends[Symbol.asyncDispose]();
    },
  };
}

async function repeat(
  everyMs: number,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await act().catch(() => undefined);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
