import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlacedPaid } from "../../src/payment/evidence.ts";
import { paymentIdOfRef } from "../../src/payment/ids.ts";
import type { FollowedBlock, PayOnceLog } from "../../src/payment/pay-once-log.ts";
import type { Draft } from "../../src/settlement/draft.ts";
import { judgeLogs, type Judgement } from "../../src/settlement/judge-logs.ts";
import type { CarriedSend } from "../../src/settlement/match-sends.ts";
import { placeLogs, seenLogs } from "../../src/settlement/place-logs.ts";
import { addressOf } from "../support/seed.ts";
import { plannedDraft } from "./draft-fixture.ts";
import { createPayOnceModel } from "./pay-once-model.ts";

const policy = { delaysMs: [2000, 4000, 6000] };

/** Settlement without a database: what commit 3 keeps between two batches. */
function createLedger(drafts: Draft[]) {
  const kept = new Map(drafts.map((draft) => [draft.id, draft]));
  const stored: { log: PayOnceLog; blockNumber: bigint }[] = [];
  const outcomes: { id: string; generation: number; kind: string }[] = [];
  return {
    outcomes,
    get: (id: string) => kept.get(id) as Draft,
    put: (draft: Draft) => kept.set(draft.id, draft),
    settle(blocks: readonly FollowedBlock[], sends: readonly CarriedSend[] = []): Judgement {
      const now = new Date();
      const places = seenLogs(placeLogs(blocks), { now, askedAtMs: performance.now() });
      stored.push(...places);
      const paids = new Map<string, PlacedPaid>();
      const voids = new Map<string, { generation: bigint; txHash: string }[]>();
      for (const { log, blockNumber } of stored) {
        const id = paymentIdOfRef(log.ref) ?? "";
        if (log.kind === "paid") paids.set(id, { log, blockNumber });
        if (log.kind === "voided") voids.set(id, [...(voids.get(id) ?? []), log]);
      }
      const options = {
        now,
        rail: "arc",
        policy,
        causeOf: () => "unknown" as const,
      } as const;
      const judgement = judgeLogs({ drafts: kept, sends, paids, voids }, places, options);
      for (const { after } of judgement.changed) kept.set(after.id, after);
      for (const { verdict, draft } of judgement.decisions) {
        if (verdict.kind !== "complete" && verdict.kind !== "fail") continue;
        if (verdict.announced) continue;
        outcomes.push({ id: draft.id, generation: draft.generation, kind: verdict.kind });
      }
      return judgement;
    },
  };
}

type Command =
  | { readonly do: "pay"; readonly task: number; readonly age: number; readonly refused: boolean }
  | { readonly do: "void"; readonly task: number; readonly age: number }
  | { readonly do: "retry"; readonly task: number; readonly wallet: number }
  | { readonly do: "mine" }
  | { readonly do: "settle" };

const task = fc.nat(1);
/** 0: the newest generation; else a zombie that still sends an older one. */
const age = fc.nat(2);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant("pay" as const), task, age, refused: fc.boolean() }),
  fc.record({ do: fc.constant("void" as const), task, age }),
  fc.record({ do: fc.constant("retry" as const), task, wallet: fc.nat(2) }),
  fc.constant({ do: "mine" } as const),
  fc.constant({ do: "settle" } as const),
);

describe("any order of pays, voids, refusals, retries and zombies of several generations", () => {
  test("completes a payment once and only if it was paid, fails a generation only if it can never be paid, and alarms nobody", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const chain = createPayOnceModel();
        const ids = [0, 1].map((n) => plannedDraft(`t${n}`).id);
        const ledger = createLedger([0, 1].map((n) => plannedDraft(`t${n}`)));
        const alarms: unknown[] = [];
        let mined: FollowedBlock[] = [];
        const idOf = (n: number) => ids[n] ?? "";
        for (const command of [...commands, { do: "mine" }, { do: "settle" }] as Command[]) {
          switch (command.do) {
            case "pay": {
              const { id, generation, termsByGeneration, terms } = ledger.get(idOf(command.task));
              const sent = Math.max(1, generation - command.age);
              const agreed = termsByGeneration.get(sent) ?? terms;
              if (!agreed) throw new Error("no terms");
              chain.pay([{ paymentId: id, generation: sent, terms: agreed }], {
                refuse: () => (command.refused ? "odd" : undefined),
              });
              break;
            }
            case "void": {
              const { id, generation } = ledger.get(idOf(command.task));
              chain.void([{ paymentId: id, generation: Math.max(1, generation - command.age) }]);
              break;
            }
            case "retry": {
              const draft = ledger.get(idOf(command.task));
              if (draft.state !== "failed" || !draft.terms) break;
              const generation = draft.generation + 1;
              const terms = { ...draft.terms, recipient: addressOf(`wallet-${command.wallet}`) };
              ledger.put({
                ...draft,
                state: "planned",
                intent: "pay",
                settledAt: null,
                generation,
                terms,
                termsByGeneration: new Map(draft.termsByGeneration).set(generation, terms),
              });
              break;
            }
            case "mine":
              mined.push(chain.mine());
              break;
            case "settle":
              alarms.push(...ledger.settle(mined).alarms);
              mined = [];
              break;
          }
        }
        expect(alarms).toEqual([]);
        for (const id of ids) {
          const draft = ledger.get(id);
          const { paid, floor } = chain.slotOf(id);
          const outcomes = ledger.outcomes.filter((outcome) => outcome.id === id);
          const generations = outcomes.map(({ generation }) => generation);
          expect(new Set(generations).size).toBe(generations.length);
          expect(outcomes.filter(({ kind }) => kind === "complete")).toHaveLength(paid ? 1 : 0);
          expect(draft.state === "completed").toBe(paid);
          for (const { kind, generation } of outcomes) {
            if (kind === "fail") expect(floor).toBeGreaterThan(generation);
          }
          if (floor > draft.generation && !paid) expect(draft.state).toBe("failed");
        }
      }),
      { numRuns: 500 },
    );
  });

  test("logs that no PayOnce could emit never make a completed payment anything else, and never throw", () => {
    const anyLog = fc.record({
      kind: fc.constantFrom("paid", "refused", "skipped", "voided"),
      generation: fc.bigInt(0n, 4_294_967_295n),
      amount: fc.bigInt(0n, 2n ** 256n - 1n),
      transferLogIndex: fc.option(fc.nat()),
      paid: fc.boolean(),
      floor: fc.bigInt(0n, 4_294_967_295n),
      n: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 30 }), (logs) => {
        const chain = createPayOnceModel();
        const draft = plannedDraft("t0");
        const ledger = createLedger([draft]);
        let wasCompleted = false;
        for (const { n, ...log } of logs) {
          chain.forge({
            ...log,
            ...chain.placeOf(draft.id, 1),
            logIndex: n,
            generation: log.generation,
            payer: addressOf("acme"),
            recipient: addressOf("t0"),
            token: draft.currencyToken ?? "",
            reason: { text: "odd", raw: "0x" },
          });
          ledger.settle([chain.mine()]);
          const { state } = ledger.get(draft.id);
          if (wasCompleted) expect(state).toBe("completed");
          wasCompleted = state === "completed";
        }
        expect(ledger.outcomes.filter(({ kind }) => kind === "complete").length).toBeLessThan(2);
      }),
      { numRuns: 300 },
    );
  });
});
