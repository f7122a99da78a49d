import { setTimeout as delay } from "node:timers/promises";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import { reasonOf } from "./until-available.ts";
import type { RegisteredSchema } from "./writer-schemas.ts";

export interface RegistrySettings {
  readonly registryUrl: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface Registry {
  /** Registers a version under a subject (again: the same id) and answers its id. */
  readonly register: (subject: string, schemaText: string) => Promise<number>;
  /** Undefined only where the registry itself answered that it has no such id. */
  readonly fetchSchema: (id: number) => Promise<RegisteredSchema | undefined>;
}

const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Instances that start together may find a subject that one of them has made and not yet set (a mismatch), or set it at
 * the same time (a conflict). Both are over within milliseconds; what is not is a real refusal.
 */
const TRIES_MAX = 5;
const TRY_AGAIN_MS = 200;

/** Confluent's "Schema not found". A proxy's 404 page has no such code, and must not turn payments into dead letters. */
const SCHEMA_NOT_FOUND = 40403;

const schemaAnswer = z.object({ schema: z.string(), schemaType: z.string().optional() });
const errorAnswer = z.object({ error_code: z.number() });

/** Throws `PaymentError`: REGISTRY_UNAVAILABLE (retry) or REGISTRY_INCOMPATIBLE (reject). */
export function createRegistry(settings: RegistrySettings): Registry {
  const { registryUrl, username, password } = settings;
  const host = registryUrl.replace(/\/+$/, "");
  const auth = username === undefined ? undefined : { username, password: password ?? "" };
  const client = new SchemaRegistry({
    host,
    ...(auth && { auth }),
    retry: { retries: 0 },
    middlewares: [withTimeout],
  });
  const headers: Record<string, string> = { accept: "application/vnd.schemaregistry.v1+json" };
  if (auth) headers["authorization"] = `Basic ${btoa(`${auth.username}:${auth.password}`)}`;

  return {
    async register(subject, schemaText) {
      for (let tries = 1; ; tries += 1) {
        try {
          await setNewSubject(host, subject, headers);
          const { id } = await client.register(
            { type: SchemaType.AVRO, schema: schemaText },
            { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE },
          );
          return id;
        } catch (error) {
          const incompatible = isMismatch(error) || isConflict(error);
          if (!incompatible || tries === TRIES_MAX) throw registrationError(subject, error);
        }
        await delay(TRY_AGAIN_MS);
      }
    },

    // Not the client's own getSchema: it answers status 400 for a refused connection as for a refused request, and
    // here an unreachable registry (wait) and an unknown id (dead letter) must never be confused.
    async fetchSchema(id) {
      const { status, body } = await get(`${host}/schemas/ids/${id}`, headers);
      if (status === 404 && errorAnswer.safeParse(body).data?.error_code === SCHEMA_NOT_FOUND) {
        return undefined;
      }
      const answer = schemaAnswer.safeParse(body);
      if (status !== 200 || !answer.success) {
        throw unavailable(`answered ${status} for schema ${id}`);
      }
      return { schemaType: answer.data.schemaType ?? "AVRO", text: answer.data.schema };
    },
  };
}

/**
 * Sets the compatibility of a subject that nobody has made yet, before its first version: the client sets it after, and
 * a crash in between would leave a subject that every later start refuses.
 */
async function setNewSubject(
  host: string,
  subject: string,
  headers: Record<string, string>,
): Promise<void> {
  const url = `${host}/config/${encodeURIComponent(subject)}`;
  if ((await get(url, headers)).status !== 404) return;
  const compatibility = COMPATIBILITY.BACKWARD_TRANSITIVE;
  await request(url, {
    method: "PUT",
    headers: { ...headers, "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ compatibility }),
  });
}

const get = (url: string, headers: Record<string, string>) => request(url, { headers });

async function request(url: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  try {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(url, { ...init, signal });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    throw unavailable(reasonOf(error), error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The client has no time-out of its own. */
function withTimeout() {
  return {
    prepareRequest: async <R extends { enhance(extras: { timeout: number }): R }>(
      next: () => Promise<R>,
    ) => (await next()).enhance({ timeout: REQUEST_TIMEOUT_MS }),
  };
}

function isMismatch(error: unknown): boolean {
  return (error as { name?: string }).name === "ConfluentSchemaRegistryCompatibilityError";
}

function isConflict(error: unknown): boolean {
  return statusOf(error) === 409;
}

function statusOf(error: unknown): number | undefined {
  return (error as { status?: number }).status;
}

/** Only what the registry itself must have answered counts as a refusal; 400 may be a refused connection. */
function registrationError(subject: string, error: unknown): PaymentError {
  if (isMismatch(error)) {
    return incompatible(subject, "is set to another compatibility than BACKWARD_TRANSITIVE", error);
  }
  if (isConflict(error)) {
    return incompatible(subject, "holds a version that this one cannot read", error);
  }
  if (statusOf(error) === 422) return incompatible(subject, "does not accept the schema", error);
  return unavailable(reasonOf(error), error);
}

function incompatible(subject: string, why: string, cause: unknown): PaymentError {
  return new PaymentError(
    "REGISTRY_INCOMPATIBLE",
    "reject",
    `The registry's subject ${subject} ${why}: ${reasonOf(cause)}`,
    { cause, context: { subject } },
  );
}

function unavailable(reason: string, cause?: unknown): PaymentError {
  return new PaymentError("REGISTRY_UNAVAILABLE", "retry", `The schema registry: ${reason}`, {
    cause,
  });
}
