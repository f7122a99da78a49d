import type { Type } from "avsc";
import type { PaymentCompleted, PaymentFailed } from "../payment/events.ts";
import { compileAvro } from "./avro-types.ts";
import { writeFrame } from "./frame.ts";
import { newestSchema } from "./schemas.ts";

export interface EventEncoder {
  /** Framed Avro. Pure and synchronous: it is called inside a database transaction. Throws on a value our schema cannot hold. */
  readonly encodePaymentCompleted: (event: PaymentCompleted) => Buffer;
  /** As `encodePaymentCompleted`. */
  readonly encodePaymentFailed: (event: PaymentFailed) => Buffer;
}

/** Binds the newest contracts to the ids under which the registry knows them. */
export function createEncoder(ids: { completed: number; failed: number }): EventEncoder {
  const completedType: Type = compileAvro(newestSchema("payment.completed"));
  const failedType: Type = compileAvro(newestSchema("payment.failed"));
  return {
    encodePaymentCompleted: (event) =>
      // Avro's long is a number here, exact to 2^53: block numbers get there in 140 million years.
      writeFrame(
        ids.completed,
        completedType.toBuffer({ ...event, blockNumber: Number(event.blockNumber) }),
      ),
    encodePaymentFailed: (event) => writeFrame(ids.failed, failedType.toBuffer(event)),
  };
}
