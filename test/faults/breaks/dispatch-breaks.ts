import type { Break } from "./break.ts";

const simulation = { kind: "simulation", seeds: 120 } as const;

/** Of commit 2 and of what leaves. */
export const DISPATCH_BREAKS: readonly Break[] = [
  {
    name: "a send leaves before it is stored",
    danger: "a crash in between leaves money moving that nobody wrote down",
    edits: [
      {
        file: "src/dispatch/form-send.ts",
        find: "return { send, batch: { ...batch, payments }, shortages };",
        replace:
          "await lane.submit(send, new AbortController().signal);\n    return { send, batch: { ...batch, payments }, shortages };",
      },
    ],
    checks: [{ kind: "test", file: "test/regression/stored-first.int.test.ts" }],
  },
  {
    name: "every send of Circle's has the same key",
    danger: "Circle answers a new send with an old one's transaction",
    edits: [
      {
        file: "src/circle/lane.ts",
        find: "idempotencyKey: randomUUID()",
        replace: 'idempotencyKey: "00000000-0000-4000-8000-000000000000"',
      },
    ],
    checks: [simulation],
  },
  {
    name: "a plain transfer without an answer gets a new key",
    danger: "Circle has paid already, and pays again",
    edits: [
      {
        file: "src/circle/translate-error.ts",
        find: `export function translateTransferError(error: unknown): Refusal {
  const detail = wordsOf(error);
  if (!(error instanceof HttpResponseError)) return inDoubt("circle_unanswered", detail);`,
        replace: `export function translateTransferError(error: unknown): Refusal {
  const detail = wordsOf(error);
  if (!(error instanceof HttpResponseError)) return { kind: "refused", code: "circle_unanswered", detail };`,
      },
    ],
    checks: [{ kind: "cell", name: "circle: answer lost after paying/transfer" }],
  },
  {
    name: "doubt gives up",
    danger: "a payment in review is never sent again, and stays there for ever",
    edits: [
      {
        file: "src/dispatch/raise-doubt.ts",
        find: "SET state = 'review', transaction_id = CASE",
        replace: "SET state = 'review', intent = NULL, transaction_id = CASE",
      },
    ],
    checks: [simulation],
  },
  {
    name: "tries are never used up",
    danger: "a payment that the token refuses is tried for ever",
    edits: [
      {
        file: "src/payment/judge.ts",
        find: "const delayMs = delaysMs[tries - 1];",
        replace: "const delayMs = delaysMs[0];",
      },
    ],
    checks: [simulation, { kind: "test", file: "test/payment/judge.unit.test.ts" }],
  },
  {
    name: "a retry does not look at the expected generation",
    danger: "an operator's command given twice opens two generations",
    edits: [
      {
        file: "src/acceptance/retry-payment.ts",
        find: "if (generation !== request.expectedGeneration) {",
        replace: "if (generation < 0) {",
      },
    ],
    checks: [{ kind: "test", file: "test/acceptance/retry-payment.int.test.ts" }],
  },
];
