/** A field of a Protobuf message: a number for what has a fixed or variable width, bytes for the rest. */
export type Field = bigint | Buffer;

/** The fields of one message by number, each as often as it came. Only the wire types that OTLP's traces use. */
export function readProtobuf(bytes: Buffer): ReadonlyMap<number, readonly Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const read = (wireType: bigint): Field => {
    switch (wireType) {
      case 0n:
        return varint();
      case 1n:
        at += 8;
        return bytes.readBigUInt64LE(at - 8);
      case 2n: {
        const length = Number(varint());
        at += length;
        return bytes.subarray(at - length, at);
      }
      case 5n:
        at += 4;
        return BigInt(bytes.readUInt32LE(at - 4));
      default:
        throw new TypeError(`wire type ${wireType}`);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    fields.set(number, [...(fields.get(number) ?? []), read(tag & 7n)]);
  }
  return fields;
}
