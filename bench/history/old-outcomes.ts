import { TOPICS } from "../../sandbox/demo/world.ts";
import { firstKeptSend, PAYMENTS_PER_SEND, prunedBeforeMs, type History } from "./history.ts";
import {
  AMOUNT,
  eachPayment,
  EVENT_ID,
  FEE,
  NET,
  TASK_ID,
  TX_HASH,
  unlessRejected,
  type OldTable,
} from "./old-table.ts";

/** Of a `payment.completed`, framed. */
const EVENT_BYTES = 320;
const KIND = "CASE WHEN o.rejected THEN 'failed' ELSE 'completed' END";
const REJECTED = "'risk_rejected'";

const ended = "CASE WHEN o.rejected THEN o.at - interval '950 milliseconds' ELSE o.at END";

export function oldOutcomes(history: History): OldTable {
  return {
    table: "payment_outcomes",
    from: eachPayment(history),
    columns: {
      payment_id: "o.hex::uuid",
      generation: "1",
      kind: KIND,
      code: `CASE WHEN o.rejected THEN ${REJECTED} END`,
      event_id: EVENT_ID,
      decided_at: ended,
    },
  };
}

/** Published, each; those before the pruning are gone. */
export function oldOutbox(history: History): OldTable {
  const { completed, failed } = TOPICS.outcomes;
  return {
    table: "outbox",
    from: eachPayment(history, firstKeptSend(history)),
    columns: {
      event_id: EVENT_ID,
      topic: `CASE WHEN o.rejected THEN '${failed}' ELSE '${completed}' END`,
      key: "convert_to(w.id, 'UTF8')",
      payload: `convert_to(repeat(o.hex, ${EVENT_BYTES / 32}), 'UTF8')`,
      headers: `jsonb_build_object('event-id', ${EVENT_ID}, 'content-type', 'application/vnd.apache.avro.binary')`,
      payment_id: "o.hex::uuid",
      generation: "1",
      created_at: ended,
      published_at: `${ended} + interval '8 milliseconds'`,
    },
  };
}

export function oldAudit(history: History): OldTable {
  return {
    table: "audit_log",
    from: eachPayment(history),
    columns: {
      at: ended,
      actor: "'system'",
      action: `'payment.' || ${KIND}`,
      payment_id: "o.hex::uuid",
      generation: "1",
      details: `CASE WHEN o.rejected THEN jsonb_build_object('code', ${REJECTED})
        ELSE jsonb_build_object('txHash', ${TX_HASH}, 'logIndex', o.place * 2 + 1, 'blockNumber', o.block) END`,
    },
  };
}

export function oldLiveEvents(history: History): OldTable {
  return {
    table: "live_events",
    from: eachPayment(history, firstKeptSend(history)),
    columns: {
      number: "o.n + 1",
      numbered_at: "o.at",
      event_id: EVENT_ID,
      kind: KIND,
      decided_at: ended,
      payment_id: "o.hex::uuid",
      generation: "1",
      platform_id: "p.id",
      worker_id: "w.id",
      task_id: TASK_ID,
      amount: AMOUNT,
      currency: "'USDC'",
      fee: unlessRejected(FEE),
      net_amount: unlessRejected(NET),
      tx_hash: unlessRejected(TX_HASH),
      latency_ms: unlessRejected("1000"),
      failure_code: `CASE WHEN o.rejected THEN ${REJECTED} END`,
      failure_message:
        "CASE WHEN o.rejected THEN 'The platform has reached its limit of the day.' END",
      failure_retryable: "CASE WHEN o.rejected THEN true END",
    },
  };
}

/** What is of the whole and no payment's. */
export function oldTotals(history: History): readonly string[] {
  const { payments } = history;
  const forgotten = firstKeptSend(history) * PAYMENTS_PER_SEND;
  const at = `to_timestamp(${prunedBeforeMs(history) / 1_000})`;
  return [
    `UPDATE live_sequence SET last = ${payments}, forgotten = ${forgotten}`,
    `INSERT INTO prunings (before, actor, started_at, ended_at) VALUES (${at}, 'operator:bench', payment_now(), payment_now())`,
  ];
}
