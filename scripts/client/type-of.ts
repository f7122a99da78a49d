type Type = "string" | "integer" | "number" | "boolean" | "null" | "object" | "array";

/** What of JSON Schema our OpenAPI document uses. A keyword that only narrows a string or a number has no type. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: Type | readonly Type[];
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

const SAYS_NO_TYPE = new Set(["description", "example", "default"]);

/** The TypeScript type of a schema. Throws where a schema says something that this does not know. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace("#/components/schemas/", "");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  }
  switch (schema.type as Type | undefined) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type as Type;
    case "array":
      return `readonly (${typeOf(schema.items ?? {})})[]`;
    case "object":
      return schema.properties ? objectOf(schema) : recordOf(schema);
    case undefined:
      if (Object.keys(schema).every((key) => SAYS_NO_TYPE.has(key))) return "unknown";
  }
  throw new Error(`a schema without a type: ${JSON.stringify(schema)}`);
}

/** What may be left out may also be given as undefined: callers pass on what they were given. */
export function objectOf({ properties = {}, required = [], additionalProperties }: Schema): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    const isRequired = required.includes(name);
    const type = typeOf(schema) + (isRequired ? "" : " | undefined");
    return `${commentOf(schema.description)}readonly ${key}${isRequired ? "" : "?"}: ${type};`;
  });
  // Of a closed body `false` says nothing that the type does not.
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  const others = isOpen ? ["readonly [name: string]: unknown;"] : [];
  return `{\n${[...members, ...others].join("\n")}\n}`;
}

function recordOf({ additionalProperties }: Schema): string {
  const isTyped = typeof additionalProperties === "object";
  return `Readonly<Record<string, ${isTyped ? typeOf(additionalProperties) : "unknown"}>>`;
}

export function commentOf(text: string | undefined): string {
  return text === undefined
    ? ""
    : `/** ${text.replaceAll("*/", "*\\/").replaceAll(/\s+/g, " ")} */\n`;
}
