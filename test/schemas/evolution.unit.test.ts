import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileAvro } from "../../src/kafka/avro-types.ts";
import { newestSchema, schemaVersions } from "../../src/kafka/schemas.ts";
import type { EventName } from "../../src/kafka/schemas.ts";

const FOLDER = new URL("../../schemas/", import.meta.url);
const EVENTS: EventName[] = ["task.completed", "payment.completed", "payment.failed"];

interface FieldJson {
  name: string;
  type: unknown;
  default?: unknown;
  doc?: string;
}
const fieldsOf = (text: string) => (JSON.parse(text) as { fields: FieldJson[] }).fields;

/** A value for each type our contracts use, so that a sample can be written in any version. */
function sampleOf(type: unknown): unknown {
  if (Array.isArray(type)) return sampleOf(type[1]);
  if (typeof type === "object" && type !== null) {
    const { logicalType } = type as { logicalType: string };
    return logicalType === "decimal" ? 12_345_678n : new Date("2026-11-02T10:00:00.123Z");
  }
  if (type === "string") return "text";
  return type === "boolean" ? true : 7;
}

describe.each(EVENTS)("%s", (event) => {
  const versions = schemaVersions(event);
  const newest = newestSchema(event);

  it("has its versions numbered 1 to N without a hole", () => {
    const numbers = readdirSync(FOLDER)
      .filter((name) => name.startsWith(`${event}.v`))
      .map((name) => Number(/v(\d+)\.avsc$/.exec(name)?.[1]))
      .sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers).toHaveLength(versions.length);
  });

  it.each(versions.map((text, index) => [index + 1, text] as const))(
    "v%i still decodes with the newest version",
    (_version, text) => {
      const writer = compileAvro(text);
      const reader = compileAvro(newest);
      const written = Object.fromEntries(
        fieldsOf(text).map(({ name, type }) => [name, sampleOf(type)]),
      );
      const read = reader.fromBuffer(
        writer.toBuffer(written),
        reader.createResolver(writer),
      ) as Record<string, unknown>;
      for (const field of fieldsOf(newest)) {
        expect(read[field.name]).toEqual(
          field.name in written ? written[field.name] : field.default,
        );
      }
    },
  );

  it("keeps optional fields as a union with null first and null as default", () => {
    for (const field of fieldsOf(newest).filter(({ type }) => Array.isArray(type))) {
      expect(field).toMatchObject({ type: ["null", expect.anything()], default: null });
    }
  });

  it("uses decimal(20,6) and timestamp-millis and no other logical type", () => {
    for (const { type } of fieldsOf(newest)) {
      if (typeof type !== "object" || Array.isArray(type)) continue;
      expect([
        { type: "bytes", logicalType: "decimal", precision: 20, scale: 6 },
        { type: "long", logicalType: "timestamp-millis" },
      ]).toContainEqual(type);
    }
  });
});

it("every file in schemas/ is a version of an event the service knows", () => {
  const files = readdirSync(FOLDER).filter((name) => name !== "README.md");
  const known = new RegExp(`^(${EVENTS.join("|").replaceAll(".", "\\.")})\\.v\\d+\\.avsc$`);
  for (const name of files) {
    expect(name).toMatch(known);
    expect(() => compileAvro(readFileSync(new URL(name, FOLDER), "utf8"))).not.toThrow();
  }
});
