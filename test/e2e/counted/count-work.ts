import type { Statement } from "../../support/tap-postgres.ts";
import { has, isLook, unitsOf, type Unit } from "./commits.ts";
import type { RequestTap } from "./tap-requests.ts";

/** What a run of known size has asked of the world outside. */
export interface Run {
  readonly statements: readonly Statement[];
  readonly kafka: RequestTap["kafka"];
  readonly chain: RequestTap["chain"];
  readonly circle: RequestTap["circle"];
  readonly kafkaBytes: number;
  readonly chainBytes: number;
  readonly payments: number;
}

/** The commit of each stage, by the statement that it cannot do without. */
const COMMITS = {
  accept: "acceptance-insert-inbox",
  send: "dispatch-write-send",
  settle: "settle-write-outcomes",
  publish: "relay-mark-published",
} as const;
type Stage = keyof typeof COMMITS;

/** Counts, and no times: what a batch costs does not depend on how quick a machine is. */
export function countWork(run: Run) {
  const { statements, kafka, chain, circle, payments } = run;
  const units = unitsOf(statements).filter((unit) => !isLook(unit));
  const commitsOf = (stage: Stage) => units.filter((unit) => has(unit, COMMITS[stage]));
  const longest = (stage: Stage) => Math.max(...commitsOf(stage).map((unit) => unit.length));
  const batches = (stage: Stage) => commitsOf(stage).length;
  const produced = kafka.filter((name) => name === "Produce").length;
  const isSend = (methods: readonly string[]) =>
    methods.some((name) => name.startsWith("eth_send"));
  const posts = circle.filter((request) => request.startsWith("POST "));
  return {
    acceptRoundTrips: longest("accept"),
    sendRoundTrips: longest("send"),
    settleRoundTrips: longest("settle"),
    acceptBatches: batches("accept"),
    sends: batches("send"),
    settleBatches: batches("settle"),
    publishBatches: batches("publish"),
    commitsPerPayment: units.length / payments,
    roundTripsPerPayment: roundTrips(units) / payments,
    producesPerPublishBatch: produced / batches("publish"),
    // On whichever rail: the other one has none.
    railSendsPerSend: (chain.filter(isSend).length + posts.length) / batches("send"),
    chainRequestsPerPayment: chain.length / payments,
    circleRequestsPerPayment: circle.length / payments,
    postgresBytesPerPayment: bytes(units) / payments,
    kafkaBytesPerPayment: run.kafkaBytes / payments,
    chainBytesPerPayment: run.chainBytes / payments,
  };
}

export type Work = ReturnType<typeof countWork>;

function roundTrips(units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + unit.length, 0);
}

function bytes(units: readonly Unit[]): number {
  return units.flat().reduce((sum, statement) => sum + statement.bytes, 0);
}
