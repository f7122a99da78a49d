import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { parseMicros } from "../payment/money.ts";
import type { Lane, SendTicket, StoredSend, TransferOrder } from "./rail.ts";

const hex = z.templateLiteral(["0x", z.string()]);

const row = z.object({
  id: z.string(),
  operator: z.string(),
  kind: z.enum(["pay", "void"]),
  item_count: z.number(),
  calldata: hex,
  gas_limit: z.bigint(),
  created_at: z.date(),
  submitted_at: z.date().nullable(),
  rail: z.enum(["circle", "arc"]),
  wallet_id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  circle_id: z.string().nullable(),
  nonce: z.bigint().nullable(),
  max_fee_per_gas: z.string().nullable(),
  raw: hex.nullable(),
  hashes: z.array(hex),
  // Of a transfer's one item.
  payer: z.string().nullable(),
  token: z.string().nullable(),
  recipient: z.string().nullable(),
  amount: z.string().nullable(),
});

export interface OpenSend {
  readonly send: StoredSend;
  /** Whether the provider or a node ever answered that it took it. */
  readonly answered: boolean;
}

/** The lane's open sends, oldest first; what a takeover starts from. */
export async function readOpenSends(db: CommonQueryMethods, lane: Lane): Promise<OpenSend[]> {
  const rows = await db.any(sql.type(row)`
    SELECT t.id, operator, kind, item_count, calldata, gas_limit, created_at, submitted_at, rail, wallet_id,
           idempotency_key, circle_id, nonce, max_fee_per_gas, raw, hashes, i.payer, i.token, i.recipient, i.amount
    FROM transactions t
    LEFT JOIN transaction_items i ON i.transaction_id = t.id AND t.method = 'transfer'
    WHERE t.state = 'open' AND rail = ${lane.rail} AND method = ${lane.method}
      AND (method = 'transfer' OR operator = ANY(${sql.array(lane.operators, "text")}))
    ORDER BY nonce NULLS LAST, created_at, t.id
  `);
  return rows.map((columns) => ({
    send: {
      id: columns.id,
      operator: columns.operator,
      kind: columns.kind,
      itemCount: columns.item_count,
      calldata: columns.calldata,
      gasLimit: columns.gas_limit,
      createdAt: columns.created_at,
      ticket: ticketOf(columns),
      ...transferOf(columns),
    },
    answered: columns.submitted_at !== null,
  }));
}

function ticketOf(columns: z.infer<typeof row>): SendTicket {
  const { wallet_id: walletId, idempotency_key: idempotencyKey, circle_id: circleId } = columns;
  const { nonce, max_fee_per_gas: maxFee, raw, hashes } = columns;
  if (columns.rail === "circle" && walletId !== null && idempotencyKey !== null) {
    return { rail: "circle", walletId, idempotencyKey, circleId };
  }
  if (columns.rail === "arc" && nonce !== null && raw !== null) {
    return { rail: "arc", nonce, maxFeePerGas: BigInt(maxFee ?? 0), raw, hashes };
  }
  throw new TypeError(`send ${columns.id} has no ticket`);
}

function transferOf(columns: z.infer<typeof row>): { transfer?: TransferOrder } {
  const { payer, token, recipient } = columns;
  const amount = columns.amount === null ? undefined : parseMicros(columns.amount);
  if (payer === null || token === null || recipient === null || amount === undefined) return {};
  return { transfer: { payer, token, recipient, amount } };
}

export interface TicketColumns {
  readonly walletId: string | null;
  readonly idempotencyKey: string | null;
  readonly circleId: string | null;
  readonly nonce: string | null;
  readonly maxFeePerGas: string | null;
  readonly raw: string | null;
  readonly hashes: readonly string[];
}

const NO_TICKET: TicketColumns = {
  walletId: null,
  idempotencyKey: null,
  circleId: null,
  nonce: null,
  maxFeePerGas: null,
  raw: null,
  hashes: [],
};

export function ticketColumns(ticket: SendTicket): TicketColumns {
  if (ticket.rail === "circle") {
    const { walletId, idempotencyKey, circleId } = ticket;
    return { ...NO_TICKET, walletId, idempotencyKey, circleId };
  }
  const { nonce, maxFeePerGas, raw, hashes } = ticket;
  return { ...NO_TICKET, nonce: `${nonce}`, maxFeePerGas: `${maxFeePerGas}`, raw, hashes };
}
