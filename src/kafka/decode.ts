import type { Type } from "avsc";
import type { TaskCompleted } from "../payment/events.ts";
import type { LetterCode } from "../payment/letter-codes.ts";
import { compileAvro, MalformedField } from "./avro-types.ts";
import { readFrame } from "./frame.ts";
import { newestSchema } from "./schemas.ts";
import { createWriterSchemas } from "./writer-schemas.ts";
import type { RegisteredSchema, WriterReading } from "./writer-schemas.ts";

/** Why a record's bytes are no `task.completed`. Each is a dead letter: no retry mends it. */
export type DecodeFailureCode = Extract<
  LetterCode,
  | "tombstone"
  | "not_avro"
  | "unknown_schema"
  | "wrong_schema"
  | "payload_malformed"
  | "amount_malformed"
  | "time_out_of_range"
>;

export type DecodedTask =
  | { readonly ok: true; readonly event: TaskCompleted }
  | { readonly ok: false; readonly code: DecodeFailureCode; readonly message: string };

export interface TaskDecoder {
  /**
   * Reads one record's value. Touches the network only for a writer schema it has not met; throws a `PaymentError`
   * with disposition retry where the registry cannot be asked then, and never otherwise.
   */
  readonly decodeTaskCompleted: (value: Buffer | null) => Promise<DecodedTask>;
}

/** The decoder over any registry; `fetchSchema` as in `createWriterSchemas`. */
export function createDecoder(
  fetchSchema: (id: number) => Promise<RegisteredSchema | undefined>,
): TaskDecoder {
  const reader = compileAvro(newestSchema("task.completed"));
  const readingFor = createWriterSchemas(reader, fetchSchema);

  return {
    async decodeTaskCompleted(value) {
      if (value === null) {
        return refused(
          "tombstone",
          "The record has no value, and a task.completed cannot be deleted; send the event itself, or nothing.",
        );
      }
      const frame = readFrame(value);
      if (frame === undefined) {
        return refused(
          "not_avro",
          "The value is not in Confluent's wire format (byte 0, schema id, Avro); use the registry's serializer.",
        );
      }
      const reading = await readingFor(frame.schemaId);
      if (reading === undefined) {
        return refused(
          "unknown_schema",
          `The registry knows no schema ${frame.schemaId}; register the producer's schema there first.`,
        );
      }
      return readPayload(reader, reading, frame.payload);
    },
  };
}

function readPayload(reader: Type, reading: WriterReading, payload: Buffer): DecodedTask {
  if (reading.kind === "unreadable") {
    return refused(
      "wrong_schema",
      `The writer's schema cannot be read as task.completed; write with the published one: ${reading.reason}`,
    );
  }
  try {
    // A plain object: what avsc makes has a generated class behind it.
    return {
      ok: true,
      event: { ...(reader.fromBuffer(payload, reading.resolver) as TaskCompleted) },
    };
  } catch (error) {
    if (error instanceof MalformedField) return refused(error.code, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    return refused(
      "payload_malformed",
      `The bytes do not fit their own schema; write them with the schema whose id they carry: ${reason}`,
    );
  }
}

/** The library's reasons quote whole schemas; a dead letter's message is for a person. */
const MESSAGE_CHARACTERS_MAX = 400;

function refused(code: DecodeFailureCode, message: string): DecodedTask {
  return { ok: false, code, message: message.slice(0, MESSAGE_CHARACTERS_MAX) };
}
