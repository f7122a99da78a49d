/** The Confluent wire format: byte 0, the writer schema's id as a big-endian int32, the Avro body. */

const MAGIC = 0;
const HEADER_BYTES = 5;

export interface Frame {
  readonly schemaId: number;
  readonly payload: Buffer;
}

/** Undefined where the bytes are not framed. Ids are positive in every registry. */
export function readFrame(value: Buffer): Frame | undefined {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC) return undefined;
  const schemaId = value.readInt32BE(1);
  return schemaId < 0 ? undefined : { schemaId, payload: value.subarray(HEADER_BYTES) };
}

export function writeFrame(schemaId: number, payload: Buffer): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  value[0] = MAGIC;
  value.writeInt32BE(schemaId, 1);
  payload.copy(value, HEADER_BYTES);
  return value;
}
