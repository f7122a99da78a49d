import { expect, test } from "vitest";
import { typeOf } from "../../scripts/client/type-of.ts";

test("each kind of schema becomes the type of what it lets through", () => {
  expect(typeOf({ anyOf: [{ $ref: "#/components/schemas/Amount" }, { type: "null" }] })).toBe(
    "Amount | null",
  );
  expect(typeOf({ type: ["string", "null"] })).toBe("string | null");
  expect(typeOf({ type: "array", items: { type: "string", enum: ["a", "b"] } })).toBe(
    'readonly ("a" | "b")[]',
  );
  expect(typeOf({ type: "object", additionalProperties: { type: "integer" } })).toBe(
    "Readonly<Record<string, number>>",
  );
  const properties = { id: { type: "string" }, "a-b": { const: true } } as const;
  expect(typeOf({ type: "object", properties, required: ["id"] })).toBe(
    '{\nreadonly id: string;\nreadonly "a-b"?: true | undefined;\n}',
  );
});

test("a schema that nobody taught it is refused, not guessed", () => {
  expect(() => typeOf({ pattern: "^x$" } as never)).toThrow(/without a type/);
});
