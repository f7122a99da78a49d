import type { Cell, Fault } from "../fault.ts";
import type { CommitStrike } from "../boxes/postgres-box.ts";
import { setReadOnly } from "../boxes/postgres-operations.ts";
import { armed, meanwhile, midway, OUTAGE_MS, pause, untilTrue } from "./shapes.ts";

/** One statement of each of the line's three commits: accept, send, settle. */
const COMMITS = [/INSERT INTO inbox/, /INSERT INTO transactions/, /INSERT INTO chain_cursors/];
const STRIKES_EACH = 2;
/** Per message and direction: a transaction of ten statements takes half a second longer. */
const SLOW_MS = 25;
const WRITING_WITHIN_MS = 15_000;

function struckCommits(at: CommitStrike["at"], words: string): Fault {
  return armed({ name: `postgres: ${words}`, part: "postgres" }, ({ boxes }) =>
    COMMITS.map((said) => boxes.postgres.strikeCommits({ at, said, times: STRIKES_EACH })),
  );
}

async function restart(cell: Cell, signal: NodeJS.Signals): Promise<number> {
  const { server } = cell.sandbox.postgres;
  await server.down(signal);
  await pause(OUTAGE_MS);
  await server.up();
  return 1;
}

export const postgresFaults: readonly Fault[] = [
  struckCommits("before", "connection cut before COMMIT"),
  struckCommits("unanswered", "answer to COMMIT lost"),
  struckCommits("answered", "connection cut after COMMIT was answered"),
  midway({ name: "postgres: refuses connections", part: "postgres" }, async ({ boxes }) => {
    const broken = boxes.postgres.cut();
    await boxes.postgres.refuse();
    await pause(OUTAGE_MS);
    await boxes.postgres.mend();
    return broken;
  }),
  midway({ name: "postgres: out of connections", part: "postgres" }, async ({ boxes }) => {
    const exhausted = boxes.postgres.exhaustConnections();
    await pause(OUTAGE_MS);
    exhausted.disarm();
    return exhausted.struck();
  }),
  midway({ name: "postgres: read-only", part: "postgres" }, async ({ boxes, sandbox, world }) => {
    const database = databaseOf(world.settings);
    const before = boxes.postgres.errorsSeen("25006");
    await setReadOnly(sandbox.postgres, database, true);
    boxes.postgres.cut();
    // Where the only instance is frozen, nobody writes before another is up.
    const late = AbortSignal.timeout(WRITING_WITHIN_MS);
    await untilTrue(async () => boxes.postgres.errorsSeen("25006") > before, late);
    await pause(OUTAGE_MS);
    await setReadOnly(sandbox.postgres, database, false);
    // As after a failover: the sessions with the old setting do not come back.
    boxes.postgres.cut();
    return boxes.postgres.errorsSeen("25006") - before;
  }),
  meanwhile({ name: "postgres: slow", part: "postgres" }, async ({ boxes }) => {
    const before = boxes.postgres.disturbed();
    boxes.postgres.slow(SLOW_MS);
    return {
      lift: async () => boxes.postgres.slow(0),
      struck: () => boxes.postgres.disturbed() - before,
    };
  }),
  midway({ name: "postgres: restarted", part: "postgres" }, (cell) => restart(cell, "SIGINT")),
  midway({ name: "postgres: killed and restarted", part: "postgres" }, (cell) =>
    restart(cell, "SIGKILL"),
  ),
];

/** The name in a world's DATABASE_URL. */
export function databaseOf(settings: Readonly<Record<string, string>>): string {
  return new URL(settings["DATABASE_URL"] ?? "").pathname.slice(1);
}
