import { commentOf, objectOf, typeOf, type Schema } from "./type-of.ts";

interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The types of the whole API and where each operation is found, as one TypeScript module. */
export function renderClientTypes({ paths, components }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const whole = JSON.stringify({ paths, components });
  const types = Object.entries(components.schemas)
    .filter(([name]) => whole.includes(`"#/components/schemas/${name}"`))
    .map(([name, schema]) => declare(name, schema));
  const members = operations.map(({ operation }) => operationType(operation));
  const places = operations.map(
    ({ method, path, operation }) =>
      `${operation.operationId}: { method: "${method}", path: "${path}" },`,
  );
  return [
    "// Made from docs/openapi.json by `npm run client`. Do not edit.",
    "/* oxlint-disable max-lines */",
    "",
    ...types,
    "/** What each operation takes and answers, by its operationId. */",
    `export interface Operations {\n${members.join("\n")}\n}`,
    "",
    "/** Where each operation is found. */",
    `export const OPERATIONS = {\n${places.join("\n")}\n} as const satisfies Record<keyof Operations, { method: string; path: string }>;`,
    "",
  ].join("\n");
}

function declare(name: string, schema: Schema): string {
  const comment = commentOf(schema.description);
  const isObject = schema.type === "object" && schema.properties !== undefined;
  return isObject
    ? `${comment}export interface ${name} ${objectOf(schema)}\n`
    : `${comment}export type ${name} = ${typeOf(schema)};\n`;
}

function operationType({
  operationId,
  summary,
  parameters = [],
  requestBody,
  responses,
}: Operation): string {
  const input = [
    ...(["path", "query", "header"] as const).flatMap((place) => {
      const there = parameters.filter((parameter) => parameter.in === place);
      return there.length > 0 ? [partOf(place, there)] : [];
    }),
    ...bodiesOf(requestBody ? [requestBody] : []).map((body) => `readonly body: ${body};`),
  ];
  const answers = Object.entries(responses).flatMap(([status, answer]) =>
    status.startsWith("2") ? [answer] : [],
  );
  const answer = [...new Set(bodiesOf(answers))].join(" | ") || "null";
  return `${commentOf(summary)}readonly ${operationId}: {\nreadonly input: {\n${input.join("\n")}\n};\nreadonly answer: ${answer};\n};`;
}

function partOf(place: string, parameters: readonly Parameter[]): string {
  const required = parameters.filter((parameter) => parameter.required);
  const properties = Object.fromEntries(
    parameters.map(({ name, schema, description }) => [
      name,
      description === undefined ? schema : { ...schema, description },
    ]),
  );
  const type = objectOf({ properties, required: required.map(({ name }) => name) });
  return `readonly ${place}${required.length > 0 ? "" : "?"}: ${type};`;
}

/** A list that also speaks CSV is read as JSON. */
function bodiesOf(contents: readonly Content[]): string[] {
  return contents.flatMap(({ content }) => {
    const [first] = Object.entries(content ?? {});
    if (!first) return [];
    const [mediaType, { schema }] = first;
    return [mediaType === "application/json" ? typeOf(schema) : "string"];
  });
}
