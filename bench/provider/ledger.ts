import { openSync, readFileSync, writeSync } from "node:fs";

/** Money that moved, or that nothing can keep from moving any more. */
export interface Transfer {
  readonly id: `0x${string}`;
  readonly payer: string;
  readonly recipient: string;
  /** In micro-units. */
  readonly amount: bigint;
  /** The payer's idempotency key, where it gave one. */
  readonly key: string | null;
  readonly executedAtMs: number;
}

/** The provider's own book: what is in it happened, whatever becomes of the process that asked for it. */
export interface Ledger {
  /** Written when this returns, so that a kill -9 of the process takes nothing back. */
  append(transfers: readonly Transfer[]): void;
  /** All that were in the book when it was opened. */
  readonly earlier: readonly Transfer[];
}

/** Opens the book of that path, or begins it. */
export function openLedger(path: string): Ledger {
  const file = openSync(path, "a+");
  return {
    earlier: readLedger(path),
    append(transfers) {
      if (transfers.length > 0) writeSync(file, `${transfers.map(lineOf).join("\n")}\n`);
    },
  };
}

/** Every transfer of the book, in the order in which they were ordered. */
export function readLedger(path: string): readonly Transfer[] {
  return completeLines(path).map(transferOf);
}

/** The lines of an append-only file; a last one without its end was never written, as far as anybody was told. */
export function completeLines(path: string): readonly string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

function lineOf({ id, payer, recipient, amount, key, executedAtMs }: Transfer): string {
  return JSON.stringify([id, payer, recipient, String(amount), key, executedAtMs]);
}

function transferOf(line: string): Transfer {
  const [id, payer, recipient, amount, key, executedAtMs] = JSON.parse(line) as [
    `0x${string}`,
    string,
    string,
    string,
    string | null,
    number,
  ];
  return { id, payer, recipient, amount: BigInt(amount), key, executedAtMs };
}
