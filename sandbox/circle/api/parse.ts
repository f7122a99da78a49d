import { isAddress } from "viem";
import { z } from "zod";
import { circleError, invalidParameters, type ParameterError } from "./circle-error.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Any version: live Circle ids are v5 and v7 shaped. */
export const uuid = z
  .string()
  .regex(UUID, "Fail to bind request to parameter: invalid UUID format");

export const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), "must be a blockchain address");

/** Fields that every signed request carries. */
export const signed = { entitySecretCiphertext: z.string().min(1), idempotencyKey: uuid };

/** Reads a body or query; throws code 2 with one entry for each broken field. */
export function parse<T>(schema: z.ZodType<T>, input: unknown, location: "body" | "query"): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidParameters(result.error.issues.map((issue) => complaintOf(issue, input, location)));
}

/** The id in a path; throws 156009 unless it is a UUID. */
export function idOf(params: Readonly<Record<string, string>>): string {
  const id = params["id"] ?? "";
  if (!UUID.test(id)) throw circleError(156009);
  return id.toLowerCase();
}

/** A query as an object: repeated names keep their last value. */
export function queryOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([, value]) => value !== ""));
}

type Issue = z.core.$ZodIssue;

function complaintOf(issue: Issue, input: unknown, location: "body" | "query"): ParameterError {
  const field = issue.path.join(".");
  const value = valueAt(input, issue.path);
  const error = errorNameOf(issue, value === undefined);
  const message = `${field || location} ${error === "required" ? "is required" : issue.message}`;
  return {
    error,
    message,
    location,
    field,
    ...(value === undefined ? {} : { invalidValue: value }),
  };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

function errorNameOf(issue: Issue, isMissing: boolean): string {
  if (isMissing) return "required";
  if (issue.code === "invalid_format") return "pattern_mismatch";
  if (issue.code === "unrecognized_keys") return "not_required";
  if (issue.code !== "too_small" && issue.code !== "too_big") return "invalid_value";
  if (issue.origin === "string" || issue.origin === "array") return "length_outside_bounds";
  return issue.code === "too_small" ? "min_value" : "max_value";
}
