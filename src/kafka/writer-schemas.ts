import type { Type } from "avsc";
import { compileAvro } from "./avro-types.ts";

type Resolver = ReturnType<Type["createResolver"]>;

/** What the registry holds under an id. */
export interface RegisteredSchema {
  readonly schemaType: string;
  readonly text: string;
}

/** How a writer's records are read, or why they cannot be. Both hold for ever: a registered schema never changes. */
export type WriterReading =
  | { readonly kind: "readable"; readonly resolver: Resolver }
  | { readonly kind: "unreadable"; readonly reason: string };

/** A platform has a few schema versions alive; this many only meet us if somebody registers one per record. */
const WRITERS_MAX = 256;

/**
 * Looks up writer schemas by id, each at most once while it stays among the last 256 used. `fetchSchema` answers
 * undefined where the registry knows no such id, and throws where it cannot be asked; neither is remembered.
 */
export function createWriterSchemas(
  reader: Type,
  fetchSchema: (id: number) => Promise<RegisteredSchema | undefined>,
): (id: number) => WriterReading | Promise<WriterReading | undefined> {
  const known = new Map<number, WriterReading>();
  const asked = new Map<number, Promise<WriterReading | undefined>>();

  return (id) => {
    const reading = known.get(id);
    if (reading === undefined) return asked.get(id) ?? ask(id);
    known.delete(id);
    known.set(id, reading);
    return reading;
  };

  function ask(id: number): Promise<WriterReading | undefined> {
    const answer = fetchSchema(id)
      .then((schema) =>
        schema === undefined ? undefined : remember(id, readingOf(reader, schema)),
      )
      .finally(() => asked.delete(id));
    asked.set(id, answer);
    return answer;
  }

  function remember(id: number, reading: WriterReading): WriterReading {
    known.set(id, reading);
    const oldest = known.keys().next();
    if (known.size > WRITERS_MAX && !oldest.done) known.delete(oldest.value);
    return reading;
  }
}

function readingOf(reader: Type, schema: RegisteredSchema): WriterReading {
  if (schema.schemaType !== "AVRO") {
    return { kind: "unreadable", reason: `its schema is ${schema.schemaType}, not Avro` };
  }
  try {
    return { kind: "readable", resolver: reader.createResolver(compileAvro(schema.text)) };
  } catch (error) {
    return { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
  }
}
