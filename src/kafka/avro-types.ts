import avro from "avsc";
import type { Schema, Type } from "avsc";
import { MAX_MICROS } from "../payment/money.ts";

/**
 * The two logical types of our contracts as they live in code: decimal(20,6) is a bigint of micro-units,
 * timestamp-millis a Date. Both refuse a writer with another scale or unit: a registry lets those pass, and they would
 * be wrong by a factor of thousands.
 */

/** A field whose bytes are Avro but whose value cannot be what it claims to be. */
export class MalformedField extends Error {
  readonly code: "amount_malformed" | "time_out_of_range";

  constructor(code: MalformedField["code"], message: string) {
    super(message);
    this.name = "MalformedField";
    this.code = code;
  }
}

/** decimal(20,6) needs 9; more than 16 is no amount but an attempt to make us build huge numbers. */
const DECIMAL_BYTES_MAX = 16;

/** RFC 3339 has four digits for the year, and every time of ours is written that way sooner or later. */
const TIME_MIN_MS = Date.parse("0001-01-01T00:00:00.000Z");
const TIME_MAX_MS = Date.parse("9999-12-31T23:59:59.999Z");

class MicrosDecimal extends avro.types.LogicalType {
  readonly scale: unknown;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    this.scale = (schema as { scale?: unknown }).scale ?? 0;
    // avsc then treats the field as its plain underlying type, which no amount of ours resolves to.
    if (this.underlyingType.typeName !== "bytes") throw new Error("only decimals over bytes");
  }

  protected override _fromValue(bytes: unknown): bigint {
    return decimalToMicros(bytes as Buffer);
  }

  /** Throwing here is what stops a wrong value from being written: avsc writes without checking first. */
  protected override _toValue(micros: unknown): Buffer {
    if (typeof micros !== "bigint" || micros > MAX_MICROS || micros < -MAX_MICROS) {
      throw new RangeError(
        `${String(micros)} is no amount of micro-units that decimal(20,6) holds`,
      );
    }
    return microsToDecimal(micros);
  }

  /** The writer's value arrives here converted already. A larger precision is harmless: the range is checked later. */
  protected override _resolve(writer: Type): ((value: unknown) => unknown) | undefined {
    return writer instanceof MicrosDecimal && writer.scale === this.scale ? identity : undefined;
  }
}

class TimestampMillis extends avro.types.LogicalType {
  protected override _fromValue(epochMs: unknown): Date {
    return millisToDate(epochMs as number);
  }

  protected override _toValue(date: unknown): number {
    const epochMs = date instanceof Date ? date.getTime() : Number.NaN;
    if (!(epochMs >= TIME_MIN_MS && epochMs <= TIME_MAX_MS)) {
      throw new RangeError(`${String(date)} is no time in the years 1 to 9999`);
    }
    return epochMs;
  }

  protected override _resolve(writer: Type): ((value: unknown) => unknown) | undefined {
    return writer instanceof TimestampMillis ? identity : undefined;
  }
}

/** Compiles the text of an Avro schema; throws where it is none. */
export function compileAvro(schemaText: string): Type {
  return avro.Type.forSchema(JSON.parse(schemaText) as Schema, {
    logicalTypes: { decimal: MicrosDecimal, "timestamp-millis": TimestampMillis },
    // Generated toString and the like on every record are never used and may collide with field names.
    omitRecordMethods: true,
  });
}

/** Big-endian two's complement, as Avro writes the unscaled value of a decimal. */
function decimalToMicros(bytes: Buffer): bigint {
  if (bytes.length === 0 || bytes.length > DECIMAL_BYTES_MAX) {
    throw new MalformedField(
      "amount_malformed",
      `A decimal of ${bytes.length} bytes is no amount; send a new event with a decimal(20,6).`,
    );
  }
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
}

/** The shortest two's complement that holds the value, sign bit included. */
function microsToDecimal(micros: bigint): Buffer {
  const magnitude = micros < 0n ? -micros - 1n : micros;
  const bits = magnitude === 0n ? 1 : magnitude.toString(2).length + 1;
  const length = Math.ceil(bits / 8);
  const unsigned = BigInt.asUintN(length * 8, micros);
  return Buffer.from(unsigned.toString(16).padStart(length * 2, "0"), "hex");
}

function millisToDate(epochMs: number): Date {
  if (epochMs < TIME_MIN_MS || epochMs > TIME_MAX_MS) {
    throw new MalformedField(
      "time_out_of_range",
      `${epochMs} ms is outside the years 1 to 9999; send a new event with milliseconds since 1970.`,
    );
  }
  return new Date(epochMs);
}

function identity(value: unknown): unknown {
  return value;
}
