import type { Break } from "./break.ts";

const simulation = { kind: "simulation", seeds: 120 } as const;

/** Of commit 1 and of identity. */
export const ACCEPTANCE_BREAKS: readonly Break[] = [
  {
    name: "UNIQUE (platform_id, task_id) is dropped",
    danger: "one task could have two payments",
    edits: [
      {
        file: "src/database/migrations/0001-initial.sql",
        find: "  UNIQUE (platform_id, task_id),\n",
        replace: "",
      },
    ],
    checks: [{ kind: "test", file: "test/database/guards.int.test.ts" }],
  },
  {
    name: "payments get ids of their own, and the task is not unique",
    danger: "a duplicate is another payment, and PayOnce pays both",
    edits: [
      {
        file: "src/database/migrations/0001-initial.sql",
        find: "  UNIQUE (platform_id, task_id),\n  UNIQUE (platform_id, idempotency_key),\n",
        replace: "",
      },
      {
        file: "src/payment/ids.ts",
        find: 'return derivedUuid("payment", platformId, taskId);',
        replace: 'return derivedUuid("payment", platformId, taskId, String(performance.now()));',
      },
    ],
    checks: [simulation],
  },
  {
    name: "the offset moves before the commit",
    danger: "a crash in between loses the records",
    edits: [
      {
        file: "src/acceptance/accept-once.ts",
        find: "const conflicts = await moveOffsets(tx, input.offsets);",
        replace: "const conflicts = await moveOffsets(deps.pool as never, input.offsets);",
      },
    ],
    checks: [simulation],
  },
  {
    name: "the amount is no part of what makes a repeat the same",
    danger: "a contradicting event is taken for a duplicate, and nobody hears of it",
    edits: [
      {
        file: "src/payment/sameness.ts",
        find: '  "workerId",\n  "amount",\n',
        replace: '  "workerId",\n',
      },
    ],
    checks: [simulation],
  },
  {
    name: "the fee rounds up",
    danger: "workers lose fractions of a micro-unit",
    edits: [
      {
        file: "src/payment/fee.ts",
        find: "const fee = (amount * rate) / RATE_SCALE;",
        replace: "const fee = (amount * rate + RATE_SCALE - 1n) / RATE_SCALE;",
      },
    ],
    checks: [{ kind: "test", file: "test/payment/fee.unit.test.ts" }],
  },
  {
    name: "a restore is forgotten",
    danger: "after a restored backup a payment fails although an older process paid it",
    edits: [
      {
        file: "src/payment/before-restore.ts",
        find: "if (restoredAt === null) return false;",
        replace: "if (restoredAt === null || now) return false;",
      },
    ],
    checks: [simulation, { kind: "test", file: "test/acceptance/restored.int.test.ts" }],
  },
];
