import { sql } from "slonik";
import { z } from "zod";
import { EVERYTHING, resume } from "../../../src/dispatch/pause.ts";
import { dispatchDeps, type Connected } from "../../../src/stage-deps.ts";
import { isRunning, passTime, publish, start } from "./actions.ts";
import { rolesOf } from "./instance.ts";
import { addLate } from "./platforms.ts";
import { mend, rebalance } from "./mend.ts";
import { confirmRestore } from "./restore.ts";
import type { World } from "./world.ts";

/** What is still on its way, and what moved since the last look. */
const stateRow = z.object({
  openPayments: z.bigint(),
  openSends: z.bigint(),
  unpublished: z.bigint(),
  paused: z.bigint(),
  openRestores: z.bigint(),
  cursor: z.bigint(),
  offsets: z.string(),
  moves: z.bigint(),
});
type State = z.infer<typeof stateRow>;

const STEP_MS = 250;
const STEP_MAX_MS = 20_000;
/** Rounds without a move after which time goes faster. */
const PATIENCE_ROUNDS = 3;
/** Far beyond the longest back-off; what still moves then moves in circles. */
const RECOVERY_MAX_MS = 30 * 60_000;
const ROUNDS_MAX = 600;

/**
 * Ends all faults and lets the line run until nothing is in flight any more; what nobody waits for arrives after that, and
 * it must come to rest again. Answers how long the first took, in simulated time; undefined where either never ended.
 */
export async function settleDown(world: World, console: Connected): Promise<number | undefined> {
  world.beginStep("calm");
  await endFaults(world);
  const recoveryMs = await untilOver(world, console, "calm");
  if (recoveryMs === undefined || !arriveLate(world)) return recoveryMs;
  return (await untilOver(world, console, "late")) === undefined ? undefined : recoveryMs;
}

async function untilOver(
  world: World,
  console: Connected,
  name: string,
): Promise<number | undefined> {
  const begunMs = world.nowMs;
  let stepMs = STEP_MS;
  let idleRounds = 0;
  let last = "";
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    world.beginStep(`${name} ${round}`);
    await runRound(world, stepMs);
    const state = await readState(world);
    if (state.openRestores > 0n) await confirmRestore(world, console);
    else if (state.paused > 0n) await resumeAll(console);
    if (isOver(world, state)) return world.nowMs - begunMs;
    if (world.nowMs - begunMs > RECOVERY_MAX_MS) return undefined;
    const moves = JSON.stringify(state, (_, value: unknown) => String(value));
    idleRounds = moves === last ? idleRounds + 1 : 0;
    last = moves;
    stepMs = idleRounds < PATIENCE_ROUNDS ? STEP_MS : Math.min(stepMs * 2, STEP_MAX_MS);
  }
  return undefined;
}

/** Sends of the dead and of those that gave up, and calls that Circle executes once more: all of it finds its slot closed. */
function arriveLate({ network, circle, random, tell }: World): boolean {
  const late = [...network.messages];
  for (const message of late) {
    tell(`${message.name} arrives late`);
    message.deliver();
    message.lose();
  }
  const again = circle.transactions.filter(() => random.chance(0.5));
  for (const transaction of again) {
    tell(`Circle executes ${transaction.id} once more`);
    circle.repeat(transaction);
  }
  return late.length + again.length > 0;
}

async function endFaults(world: World): Promise<void> {
  world.tell("— faults are over —");
  world.isCalm = true;
  mend(world);
  const { instances, tasks, late, database } = world;
  for (const task of tasks) if (!task.isPublished) publish(world, task);
  for (const id of late) await addLate(database.pool, tasks, id);
  late.clear();
  for (const { process } of instances) {
    process.strike = undefined;
    process.thaw();
  }
  await world.traffic.untilQuiet();
  if (!instances.some(({ process }) => isRunning(process))) start(world);
  const running = instances.filter(({ process }) => isRunning(process));
  for (const role of rolesOf(world)) {
    const [holder = running[0], ...others] = running.filter(({ roles }) => roles.has(role));
    for (const other of others) other.dropRole(role);
    holder?.takeRole(role);
  }
  await world.traffic.untilQuiet();
  rebalance(world);
  await world.traffic.untilQuiet();
}

async function runRound(world: World, stepMs: number): Promise<void> {
  const { network, kafka, circle, chain, fates, traffic } = world;
  for (const message of network.messages) if (message.isAwaited) message.answer();
  for (const member of kafka.members) {
    for (const partition of member.partitions) member.fetch(partition, 16);
  }
  await traffic.untilQuiet();
  for (const transaction of circle.transactions) circle.advance(transaction);
  chain.mine(world.nowMs, fates.ofTransaction);
  passTime(world, stepMs);
  await traffic.untilQuiet();
}

async function readState({ database, nowMs }: World): Promise<State> {
  await database.setTime(nowMs);
  return database.pool.one(sql.prepared("simulation-state", stateRow)`
    SELECT (SELECT count(*) FROM payments WHERE state NOT IN ('completed', 'failed')) AS "openPayments",
      (SELECT count(*) FROM transactions WHERE state = 'open') AS "openSends",
      (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
      (SELECT count(*) FROM pauses) AS paused,
      (SELECT count(*) FROM restores WHERE closed_at IS NULL) AS "openRestores",
      (SELECT coalesce(max(block_number), -1) FROM chain_cursors) AS cursor,
      (SELECT coalesce(string_agg(partition || ':' || next_offset, ' ' ORDER BY partition), '') FROM kafka_offsets)
        AS offsets,
      (SELECT count(*) FROM chain_events) + (SELECT count(*) FROM audit_log) + (SELECT count(*) FROM transactions)
        + (SELECT count(*) FROM payment_outcomes) AS moves`);
}

function isOver({ chain, circle, kafka, network }: World, state: State): boolean {
  const { openPayments, openSends, unpublished, paused, openRestores, cursor, offsets } = state;
  const isRead = Array.from({ length: kafka.partitions }, (_, partition) => partition).every(
    (partition) =>
      kafka.log(partition).length === 0 ||
      offsets.split(" ").includes(`${partition}:${kafka.log(partition).length}`),
  );
  return (
    openPayments + openSends + unpublished + paused + openRestores === 0n &&
    isRead &&
    [...network.messages].every(({ isAwaited }) => !isAwaited) &&
    // What follows a nonce that a restored database forgot waits in the pool for as long as that nonce is not used.
    [...chain.pool.values()].every(({ from, nonce }) => nonce !== chain.countOf(from)) &&
    circle.transactions.every(({ stage }) => stage === "over") &&
    // The block of this round is the next round's to follow, and holds nothing.
    cursor >= chain.head().number - 4n &&
    chain.blocks.slice(Number(cursor) + 1).every(({ transactions }) => transactions.length === 0)
  );
}

async function resumeAll(console: Connected): Promise<void> {
  const deps = dispatchDeps(console, console.bells.dispatch);
  await resume(deps, EVERYTHING, "the faults are over", "operator:simulated");
}
