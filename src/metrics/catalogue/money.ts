import { CURRENCIES } from "../../payment/currency.ts";
import { MISMATCH_KINDS } from "../../settlement/verification.ts";
import { counter, gauge, histogram } from "../definition.ts";
import { CALL_SECONDS } from "./latency.ts";

export const moneyMetrics = {
  chainHead: gauge({
    name: "payments_chain_head_timestamp_seconds",
    help: "When a new head of the chain was last heard of; to 5 s, but where the chain is followed.",
    labels: {},
  }),
  followedBlock: gauge({
    name: "payments_chain_followed_block",
    unit: "block number",
    help: "The last block whose logs are settled; 0 before the first. Every instance reports the same: use max.",
    labels: {},
  }),
  headBlock: gauge({
    name: "payments_chain_head_block",
    unit: "block number",
    help: "The chain's newest block.",
    labels: {},
  }),
  operatorGas: gauge({
    name: "payments_operator_gas_balance",
    unit: "USDC",
    help: "What an operator's wallet has left for gas, in whole native USDC. One per operator.",
    labels: { operator: null },
  }),
  operatorGasMinimum: gauge({
    name: "payments_operator_gas_minimum",
    unit: "USDC",
    help: "Below this an operator's wallet needs gas.",
    labels: {},
  }),
  sendsOpen: gauge({
    name: "payments_sends_open",
    help: "Sends that may still be mined. One per operator; of plain transfers, the 50 payers whose sends are open longest. Every instance reports the same: use max.",
    labels: { operator: null },
  }),
  sendsOldestAge: gauge({
    name: "payments_sends_oldest_age_seconds",
    help: "How long the oldest of them has been under way.",
    labels: { operator: null },
  }),
  payerFunds: gauge({
    name: "payments_payer_funds",
    unit: "units of the currency",
    help: "What could still be moved for a payer: the lesser of balance and allowance, in whole units; 0 for one that the token blocks. At most 50: those with open payments, then those paid most for of late.",
    labels: { payer: null, currency: CURRENCIES },
  }),
  payerDemand: gauge({
    name: "payments_payer_hourly_demand",
    unit: "units of the currency",
    help: "What was paid for that payer in the last hour, in whole units. Not shown while the hour before a start is still being read. Every instance reports the same: use max.",
    labels: { payer: null, currency: CURRENCIES },
  }),
  settledAmount: counter({
    name: "payments_settled_amount_total",
    unit: "units of the currency",
    help: "What workers were paid, in whole units; for the eye, the ledger has it to the micro-unit.",
    labels: { currency: CURRENCIES },
  }),
  feeAmount: counter({
    name: "payments_fee_amount_total",
    unit: "units of the currency",
    help: "What was booked as fees, in whole units.",
    labels: { currency: CURRENCIES },
  }),
  limiterWait: histogram({
    name: "payments_circle_limiter_wait_seconds",
    help: "How long calls waited for their turn within Circle's limits.",
    labels: { limit: ["post", "get"] },
    buckets: CALL_SECONDS,
  }),
  throttled: counter({
    name: "payments_circle_throttled_total",
    help: "Times that Circle answered 429 all the same.",
    labels: {},
  }),
  paused: gauge({
    name: "payments_paused",
    help: "Dispatch is paused: for everything (0 or 1), or for so many platforms.",
    labels: { scope: ["all", "platforms"] },
  }),
  restoreOpen: gauge({
    name: "payments_restore_open",
    unit: "0 or 1",
    help: "1 while a restored backup waits for an operator's word.",
    labels: {},
  }),
  heartbeatLast: gauge({
    name: "payments_heartbeat_last_success_timestamp_seconds",
    help: "When the service's own small payment last came through; 0 before the first, and where there is none.",
    labels: {},
  }),
  heartbeatEnabled: gauge({
    name: "payments_heartbeat_enabled",
    unit: "0 or 1",
    help: "1 where the service pays itself now and then to know that it can.",
    labels: {},
  }),
  heartbeatInterval: gauge({
    name: "payments_heartbeat_interval_seconds",
    help: "How often it does; 0 where it does not.",
    labels: {},
  }),
  mismatches: gauge({
    name: "payments_reconciliation_mismatches",
    help: "What the last look found that must not be, by kind.",
    labels: { kind: MISMATCH_KINDS },
  }),
  reconciledLast: gauge({
    name: "payments_reconciliation_last_success_timestamp_seconds",
    help: "When the ledger was last compared with the chain, whatever was found; 0 before the first time.",
    labels: {},
  }),
  reconciliationLag: gauge({
    name: "payments_reconciliation_lag_seconds",
    help: "How old the newest is behind which nothing has to be verified any more; about a minute where verifying keeps up.",
    labels: {},
  }),
  reconciliationDuration: gauge({
    name: "payments_reconciliation_duration_seconds",
    help: "How long the last look took.",
    labels: {},
  }),
  reconciledRows: counter({
    name: "payments_reconciliation_checked_rows_total",
    help: "Rows, logs and slots that were looked at.",
    labels: {},
  }),
  reconciliationFailures: counter({
    name: "payments_reconciliation_failures_total",
    help: "Looks that could not be made, because a part was away.",
    labels: {},
  }),
} as const;
