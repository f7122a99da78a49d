import type { Switch } from "./plan.ts";

type Case = Omit<Switch, "kind" | "model">;

/** Every rule that PayOnce mode needs; the budgets are the smallest that show why. */
const PAY_ONCE_RULES: readonly Case[] = [
  {
    name: "VOID_BEFORE_FAILED",
    says: "once a send is stored, only Voided fails its generation",
    budgets: { LIES: 1 },
    breaks: "b",
  },
  {
    name: "MATCH_INSTANCE",
    says: "evidence is matched by our instance's address",
    budgets: { STRANGERS: 1 },
    breaks: "b",
  },
  {
    name: "MATCH_GENERATION",
    says: "evidence is matched by generation",
    budgets: { CANCELS: 1, LOST: 1 },
    breaks: "b",
  },
  {
    name: "DOUBT_RESENDS",
    says: "a payment in doubt goes on sending what its doubt came from",
    budgets: { DROPS: 1 },
    breaks: "d",
  },
  {
    name: "SLOT_PER_PAYMENT",
    says: "the slot is per payment, never per payer",
    budgets: { RESTORES: 1, CHANGES: 1 },
    breaks: "a",
  },
  {
    name: "ONE_SLOT_FOR_ALL_GENERATIONS",
    says: "one slot over all generations",
    budgets: { RESTORES: 1, CHANGES: 2 },
    breaks: "a",
  },
  {
    name: "FLOOR",
    says: "void closes its generation and all below",
    budgets: { CANCELS: 1 },
    breaks: "b",
  },
  {
    name: "FAIL_BY_VOID_AFTER_RESTORE",
    says: "after a restore, what is older fails only by Voided",
    budgets: { RESTORES: 1, CHANGES: 1 },
    breaks: "b",
  },
  {
    name: "ADOPT_OUTCOMES",
    says: "after a restore, the outcomes in our own topics are adopted",
    budgets: { RESTORES: 1, CHANGES: 2 },
    breaks: "b",
  },
  {
    name: "STOP_OLD_PROCESSES",
    says: "after a restore, every old process is stopped",
    budgets: { RESTORES: 1, CHANGES: 2 },
    breaks: "b",
  },
  {
    name: "HOLD_AFTER_RESTORE",
    says: "after a restore, nothing is dispatched until it is confirmed",
    budgets: { RESTORES: 1, CHANGES: 2 },
    breaks: "b",
  },
  {
    name: "CHAINS_TERMS_AFTER_RESTORE",
    says: "after a restore, the chain's terms are what happened",
    budgets: { RESTORES: 1, CHANGES: 1 },
    breaks: "e",
  },
  {
    name: "STORED_LOGS_CONSULTED",
    says: "every log is stored, and every commit that creates or retries consults them",
    budgets: { RESTORES: 1 },
    breaks: "e",
  },
  {
    name: "PAID_OF_ANY_GENERATION",
    says: "a Paid of any generation is adopted",
    budgets: { RESTORES: 1, CHANGES: 2 },
    breaks: "f",
  },
  {
    name: "PAID_COMPLETES_ANY_STATE",
    says: "Paid completes a planned, voiding or review payment; a log never stops the cursor",
    budgets: { CANCELS: 1 },
    breaks: "f",
  },
  {
    name: "CURSOR_WITH_SETTLEMENT",
    says: "the cursor moves in the commit that settles",
    budgets: { CRASHES: 1 },
    breaks: "e",
  },
  {
    name: "OFFSETS_BY_COMPARE_AND_SET",
    says: "offsets move by compare-and-set, and are compared when idle",
    budgets: { RESTORES: 1 },
    breaks: "d",
  },
  {
    name: "UNIQUE_TASK",
    says: "a task has one payment, however often it is read",
    budgets: { RECORDS: 2, DUPLICATES: 1, CHANGES: 1 },
    breaks: "b",
  },
  {
    name: "EXPECTED_STATE_AND_GENERATION",
    says: "every update names the state and generation that it expects",
    budgets: { STALE_RETRIES: 1, CANCELS: 1, GENERATIONS: 3, LOGS: 6 },
    breaks: "g",
  },
  {
    name: "DERIVED_EVENT_IDS",
    says: "event ids derive from payment, generation and kind",
    budgets: { RESTORES: 1 },
    breaks: "g",
  },
  {
    name: "MARK_AFTER_ACKNOWLEDGEMENT",
    says: "an outbox row is marked after Kafka acknowledged it",
    budgets: { CRASHES: 1 },
    breaks: "d",
  },
];

const TRANSFER_RULES: readonly Case[] = [
  {
    name: "NEW_KEY_ONLY_AFTER_UNPAID",
    says: "a new key only after the old one's transfer ended unpaid",
    budgets: { LOST: 1 },
    breaks: "a",
  },
  {
    name: "REPOST_WITHIN_THE_HOUR",
    says: "a key is POSTed again only within an hour of its first use",
    budgets: { LOST: 1, HOURS: 1 },
    breaks: "a",
  },
  {
    name: "SEND_STORED_FIRST",
    says: "the send and its key are stored before the POST",
    budgets: { CANCELS: 1 },
    breaks: "b",
  },
  {
    name: "FAILED_ONLY_AFTER_UNPAID",
    says: "failed only when every POST was answered and ended unpaid",
    budgets: { LOST: 1 },
    breaks: "b",
  },
  {
    name: "REVIEW_AFTER_RESTORE",
    says: "what may have been sent before a restore goes to review",
    budgets: { RESTORES: 1, HOURS: 1 },
    breaks: "a",
  },
  {
    name: "COMPARE_FAILED_AFTER_RESTORE",
    says: "after a restore, failed payments too are compared with Circle's list",
    budgets: { RESTORES: 1, CANCELS: 1 },
    breaks: "f",
  },
];

const TRANSFER_PROMISES: readonly Case[] = [
  {
    name: "CIRCLE_REMEMBERS_KEYS",
    says: "for an hour, a repeated key returns the transfer that it made",
    budgets: { LOST: 1 },
    breaks: "a",
  },
  {
    name: "UNPAID_IS_FINAL",
    says: "a transfer that Circle ended as unpaid never pays",
    budgets: { DENIALS: 1 },
    breaks: "b",
  },
  {
    name: "NOBODY_SLEEPS_AN_HOUR",
    says: "no process sleeps for an hour between its look at the clock and its POST",
    budgets: { HOURS: 1 },
    breaks: "a",
  },
];

export const SWITCHES: readonly Switch[] = [
  ...PAY_ONCE_RULES.map((each): Switch => ({ ...each, kind: "rule", model: "pay-once" })),
  ...TRANSFER_RULES.map((each): Switch => ({ ...each, kind: "rule", model: "transfer" })),
  ...TRANSFER_PROMISES.map((each): Switch => ({ ...each, kind: "promise", model: "transfer" })),
];
