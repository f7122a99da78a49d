import { readFileSync } from "node:fs";
import avro, { type Type } from "avsc";

/**
 * The generator's and the auditor's own Avro, apart from the service's: an error in one codec must not hide in the
 * other.
 */
const schemas = new URL("../../schemas/", import.meta.url);

class DecimalMicros extends avro.types.LogicalType {
  override _fromValue(bytes: Buffer): bigint {
    if (bytes.length === 0) return 0n;
    return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  }
  override _toValue(micros: unknown): Buffer {
    if (typeof micros !== "bigint") throw new TypeError("an amount is a bigint of micro-units");
    let bytes = 1;
    while (BigInt.asIntN(bytes * 8, micros) !== micros) bytes += 1;
    const hex = BigInt.asUintN(bytes * 8, micros).toString(16);
    return Buffer.from(hex.padStart(bytes * 2, "0"), "hex");
  }
}

/** The contract of `schemas/NAME.avsc`, amounts as bigint micro-units, times as numbers of milliseconds. */
export function readSchema(name: string): { type: Type; text: string } {
  const text = readFileSync(new URL(`${name}.avsc`, schemas), "utf8");
  return {
    text,
    type: avro.Type.forSchema(JSON.parse(text), { logicalTypes: { decimal: DecimalMicros } }),
  };
}

/** Confluent's wire format: a zero byte, the schema's id in four bytes, then Avro. */
export function frame(schemaId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(schemaId, 1);
  return Buffer.concat([head, body]);
}
