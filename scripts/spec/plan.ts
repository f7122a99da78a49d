import type { Search } from "./run-spin.ts";

type Budgets = Readonly<Record<string, number>>;
type Model = Search["model"];

export interface Configuration {
  readonly name: string;
  readonly model: Model;
  readonly budgets: Budgets;
}

/** Something that is switched off, and what then has to break. */
export interface Switch {
  /** The model's macro without its NO_ or NOT_. */
  readonly name: string;
  /** `promise`: of the provider or the machine; nothing in the service can replace it. */
  readonly kind: "rule" | "promise";
  readonly model: Model;
  readonly says: string;
  readonly budgets: Budgets;
  /** The property's letter. */
  readonly breaks: string;
}

export const PROPERTIES: Readonly<Record<string, string>> = {
  a: "paid twice",
  b: "failed was published and money moved",
  c: "completed and failed published for one generation",
  d: "lost: neither ended nor announced, and nothing goes on",
  e: "paid, but in review for ever",
  f: "paid, but the database ends otherwise",
  g: "completed announced twice, as two events",
};

const payOnce = (name: string, budgets: Budgets): Configuration => ({
  name,
  model: "pay-once",
  budgets,
});
const transfer = (name: string, budgets: Budgets): Configuration => ({
  name,
  model: "transfer",
  budgets,
});

/** Searched with every rule on: every state within these budgets of faults. */
export const CONFIGURATIONS: readonly Configuration[] = [
  payOnce("crashes and a lying provider", { CRASHES: 1, LOST: 1, LIES: 1, DROPS: 1, REPEATS: 1 }),
  payOnce("refusals, cancel and retry", { REFUSALS: 1, CANCELS: 1 }),
  payOnce("a cancel races late sends", { CANCELS: 1, DOUBTS: 1 }),
  payOnce("a stranger with our id", { STRANGERS: 1, CANCELS: 1 }),
  payOnce("restore, duplicate records", { RESTORES: 1, RECORDS: 3, DUPLICATES: 1 }),
  payOnce("restore, crash", { RESTORES: 1, CRASHES: 1 }),
  payOnce("restore, directory changes twice", { RESTORES: 1, CHANGES: 2 }),
  payOnce("restore, several sends in flight", { RESTORES: 1, DOUBTS: 1, LIES: 1 }),
  payOnce("two restores, directory changes", { RESTORES: 2, CHANGES: 1 }),
  payOnce("three generations", { GENERATIONS: 3, LOGS: 6, CHANGES: 2, LOST: 1 }),
  payOnce("three generations, restore, cancel", {
    GENERATIONS: 3,
    LOGS: 7,
    RESTORES: 1,
    CANCELS: 1,
  }),
  transfer("transfers: every fault but a restore", {
    LOST: 2,
    HOURS: 2,
    DENIALS: 2,
    CANCELS: 1,
    CRASHES: 1,
  }),
  transfer("transfers: two restores", {
    RESTORES: 2,
    LOST: 1,
    HOURS: 1,
    DENIALS: 1,
    CANCELS: 1,
    GENERATIONS: 3,
  }),
];
