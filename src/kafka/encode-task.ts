import type { TaskCompleted } from "../payment/events.ts";
import { compileAvro } from "./avro-types.ts";
import { writeFrame } from "./frame.ts";
import { newestSchema } from "./schemas.ts";

/** For the heartbeat, with which the service speaks as a platform does. */
export interface TaskEncoder {
  /** Framed Avro. Throws on a value our schema cannot hold. */
  readonly encodeTaskCompleted: (event: TaskCompleted) => Buffer;
}

/** Binds the newest contract to the id under which the registry knows it. */
export function createTaskEncoder(schemaId: number): TaskEncoder {
  const type = compileAvro(newestSchema("task.completed"));
  return { encodeTaskCompleted: (event) => writeFrame(schemaId, type.toBuffer(event)) };
}
