import type { Break } from "./break.ts";

const simulation = { kind: "simulation", seeds: 120 } as const;

/** Of commit 3, of the judgement behind it, and of the relay. */
export const SETTLEMENT_BREAKS: readonly Break[] = [
  {
    name: "failed before Voided",
    danger: "a late duplicate pays what was said to have failed",
    edits: [
      {
        file: "src/payment/judge.ts",
        find: 'return { kind: "void", tries, failure: { code: "transfer_reverted", message, retryable: true } };',
        replace:
          'return { kind: "fail", failure: { code: "transfer_reverted", message, retryable: true }, voidTxHash: log.txHash, announced: false };',
      },
    ],
    checks: [
      simulation,
      { kind: "test", file: "test/settlement/settle-blocks.int.test.ts" },
      { kind: "test", file: "test/payment/judge.unit.test.ts" },
    ],
  },
  {
    name: "a floor at the generation closes it",
    danger: "the void of an old generation fails the one that is being paid",
    edits: [
      {
        file: "src/payment/judge.ts",
        find: "const closed = floor > BigInt(facts.generation);",
        replace: "const closed = floor >= BigInt(facts.generation);",
      },
    ],
    checks: [simulation, { kind: "test", file: "test/payment/judge.unit.test.ts" }],
  },
  {
    name: "the cursor moves before settlement",
    danger: "a crash in between passes over what the chain said",
    edits: [
      {
        file: "src/settlement/settle-blocks.ts",
        find: "const now = await moveCursor(tx, deps.instance, from, to);",
        replace: "const now = await moveCursor(deps.pool, deps.instance, from, to);",
      },
    ],
    checks: [simulation],
  },
  {
    name: "an alarm does not pause dispatch",
    danger: "money goes on moving while an invariant is broken",
    edits: [
      {
        file: "src/settlement/settle-logs.ts",
        find: "if (deps.pausesOnAlarm) await writePause",
        replace: "if (!deps) await writePause",
      },
    ],
    checks: [{ kind: "test", file: "test/settlement" }],
  },
  {
    name: "an outbox row is marked before Kafka has it",
    danger: "a crash in between loses the event",
    edits: [
      {
        file: "src/relay/run-relay.ts",
        find: '  await failpoint("relay.read");\n',
        replace:
          '  await markPublished(deps.pool, rows.map(({ id }) => id), performance.now());\n  await failpoint("relay.read");\n',
      },
    ],
    checks: [simulation],
  },
  {
    name: "the relay does not keep a payment's events in order",
    danger: "downstream hears of a payment's completion before its earlier failure",
    edits: [
      {
        file: "src/relay/read-unpublished.ts",
        find: "older.payment_id = o.payment_id AND older.id < o.id",
        replace: "older.payment_id IS NULL AND older.id < 0 AND older.id < o.id",
      },
    ],
    checks: [{ kind: "test", file: "test/relay/run-relay.int.test.ts" }],
  },
  {
    name: "events get ids of their own",
    danger: "an event that is made again doubles its effect downstream",
    edits: [
      {
        file: "src/payment/ids.ts",
        find: 'return derivedUuid("event", paymentId, String(generation), kind);',
        replace:
          'return derivedUuid("event", paymentId, String(generation), kind, String(performance.now()));',
      },
    ],
    checks: [simulation, { kind: "test", file: "test/payment/ids.unit.test.ts" }],
  },
];
