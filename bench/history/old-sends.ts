import { firstKeptSend, ONE_REJECTED_OF, PAYMENTS_PER_SEND, type History } from "./history.ts";
import {
  CHAIN_ID,
  eachPayment,
  eachSend,
  NET,
  NET_MICROS,
  OPERATOR,
  PAY_ONCE,
  SEND_ID,
  TX_HASH,
  type OldTable,
} from "./old-table.ts";

/** The rejected one is the first of its send's. */
const WITH_REJECTED = ONE_REJECTED_OF / PAYMENTS_PER_SEND;
const GAS_EACH = 60_000;
/** Of one payment's words in a call, in hexadecimal. */
const CALL_EACH = 384;

/** Every send mined; the bytes of those that were pruned are dropped. */
export function oldTransactions(history: History): OldTable {
  const kept = (value: string) => `CASE WHEN o.send >= ${firstKeptSend(history)} THEN ${value} END`;
  const call = `'0x' || repeat(md5(o.send::text), ${(CALL_EACH * PAYMENTS_PER_SEND) / 32})`;
  const count = `CASE WHEN o.send % ${WITH_REJECTED} = 0 THEN ${PAYMENTS_PER_SEND - 1} ELSE ${PAYMENTS_PER_SEND} END`;
  return {
    table: "transactions",
    from: eachSend(history),
    columns: {
      id: SEND_ID,
      rail: "'arc'",
      chain_id: CHAIN_ID,
      pay_once: PAY_ONCE,
      operator: OPERATOR,
      kind: "'pay'",
      item_count: count,
      calldata: kept(call),
      gas_limit: `${PAYMENTS_PER_SEND * GAS_EACH}`,
      state: "'mined'",
      nonce: "o.send",
      max_fee_per_gas: "40000000000",
      raw: kept(call),
      hashes: `ARRAY[${TX_HASH}]`,
      created_at: "o.at - interval '900 milliseconds'",
      submitted_at: "o.at - interval '850 milliseconds'",
      closed_at: "o.at",
      tx_hash: TX_HASH,
      block_number: "o.block",
    },
  };
}

export function oldItems(history: History): OldTable {
  return {
    table: "transaction_items",
    from: `${eachPayment(history)} WHERE NOT o.rejected`,
    columns: {
      transaction_id: SEND_ID,
      position: "o.place",
      payment_id: "o.hex::uuid",
      generation: "1",
      payer: "p.wallet_address",
      token: "p.token",
      recipient: "w.wallet_address",
      amount: NET,
      outcome: "'paid'",
    },
  };
}

export function oldChainEvents(history: History): OldTable {
  return {
    table: "chain_events",
    from: `${eachPayment(history)} WHERE NOT o.rejected`,
    columns: {
      chain_id: CHAIN_ID,
      pay_once: "p.pay_once",
      block_number: "o.block",
      block_hash: "'0xb10c' || lpad(to_hex(o.block), 60, '0')",
      tx_hash: TX_HASH,
      log_index: "o.place * 2 + 1",
      kind: "'paid'",
      ref: `'0x${"0".repeat(32)}' || o.hex`,
      payment_id: "o.hex::uuid",
      generation: "1",
      payer: "p.wallet_address",
      recipient: "w.wallet_address",
      token: "p.token",
      amount_micros: NET_MICROS,
      transfer_log_index: "o.place * 2",
      followed_at: "o.at",
    },
  };
}
