import type { Codec } from "../../../src/kafka/codec.ts";
import type { TaskCompleted } from "../../../src/payment/events.ts";

const AMOUNTS: ReadonlySet<string> = new Set(["amount", "fee", "netAmount"]);

/** JSON instead of Avro: what the simulation is about happens around the bytes, never in them. */
export const jsonCodec: Codec = {
  async decodeTaskCompleted(value) {
    try {
      const read = JSON.parse(value?.toString() ?? "") as Record<string, string>;
      return { ok: true, event: eventFrom(read) };
    } catch {
      return { ok: false, code: "not_avro", message: "These bytes are no task.completed." };
    }
  },
  async decodeOutcome(kind, value) {
    const read = JSON.parse(value?.toString() ?? "", (name, part: unknown) =>
      AMOUNTS.has(name) && typeof part === "string" ? BigInt(part) : part,
    ) as never;
    return { kind, event: read };
  },
  encodePaymentCompleted: encode,
  encodePaymentFailed: encode,
  encodeTaskCompleted: encode,
};

export function encode(event: object): Buffer {
  return Buffer.from(
    JSON.stringify(event, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  );
}

function eventFrom(read: Record<string, string>): TaskCompleted {
  const { occurredAt = "", amount = "" } = read;
  return { ...read, occurredAt: new Date(occurredAt), amount: BigInt(amount) } as TaskCompleted;
}
