import type { Type } from "avsc";
import type { PaymentCompleted, PaymentFailed } from "../payment/events.ts";
import { compileAvro } from "./avro-types.ts";
import { readFrame } from "./frame.ts";
import { newestSchema } from "./schemas.ts";
import { createWriterSchemas, type RegisteredSchema } from "./writer-schemas.ts";

/** A terminal event of our own, read back from our topic, as far as adopting it needs. */
export type AnnouncedOutcome =
  | { readonly kind: "completed"; readonly event: Omit<PaymentCompleted, "blockNumber"> }
  | { readonly kind: "failed"; readonly event: PaymentFailed };

export interface OutcomeDecoder {
  /**
   * Reads a record of our own topic; undefined where it is none of our events. Throws a `PaymentError` with disposition
   * retry where the registry would have to be asked and cannot be.
   */
  readonly decodeOutcome: (
    kind: AnnouncedOutcome["kind"],
    value: Buffer | null,
  ) => Promise<AnnouncedOutcome | undefined>;
}

/** The decoder over any registry; `fetchSchema` as in `createWriterSchemas`. */
export function createOutcomeDecoder(
  fetchSchema: (id: number) => Promise<RegisteredSchema | undefined>,
): OutcomeDecoder {
  const completed = readerOf("payment.completed", fetchSchema);
  const failed = readerOf("payment.failed", fetchSchema);
  return {
    async decodeOutcome(kind, value) {
      const read = kind === "completed" ? completed : failed;
      const event = value === null ? undefined : await read(value);
      return event === undefined ? undefined : ({ kind, event } as AnnouncedOutcome);
    },
  };
}

function readerOf(
  name: "payment.completed" | "payment.failed",
  fetchSchema: (id: number) => Promise<RegisteredSchema | undefined>,
): (value: Buffer) => Promise<unknown> {
  const type: Type = compileAvro(newestSchema(name));
  const readingFor = createWriterSchemas(type, fetchSchema);
  return async (value) => {
    const frame = readFrame(value);
    const reading = frame && (await readingFor(frame.schemaId));
    if (!frame || reading?.kind !== "readable") return undefined;
    try {
      return type.fromBuffer(frame.payload, reading.resolver);
    } catch {
      return undefined;
    }
  };
}
