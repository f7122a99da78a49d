import type { z } from "zod";
import type { FaultSubject, Faults } from "../control/faults.ts";
import type { EntitySecretCheck } from "./entity-secret.ts";
import type { Idempotency } from "./idempotency.ts";
import { parse } from "./parse.ts";
import type { ApiAnswer, ApiRequest } from "./route.ts";

export interface SignedDeps {
  readonly faults: Faults;
  readonly secret: EntitySecretCheck;
  readonly idempotency: Idempotency;
}

interface SignedBody {
  readonly entitySecretCiphertext: string;
  readonly idempotencyKey: string;
}

/** How a signed request is carried out: first whatever must be asked elsewhere, then the act, in one go. */
interface Steps<T, R> {
  readonly schema: z.ZodType<T>;
  readonly resolve: (body: T) => R | Promise<R>;
  readonly act: (resolved: R, body: T) => unknown;
}

/**
 * A mutating request: checked, then at most once per idempotency key of its endpoint. `act` runs in the same turn as
 * the look at the key, so two requests that race cannot both act.
 */
export async function answerSigned<T extends SignedBody, R>(
  deps: SignedDeps,
  request: ApiRequest,
  { schema, resolve, act }: Steps<T, R>,
): Promise<ApiAnswer> {
  const body = parse(schema, request.body, "body");
  deps.secret.accept(body.entitySecretCiphertext);
  const endpoint = endpointOf(request);
  const resolved = await resolve(body);
  const subject = subjectOf(request);
  // A key that is new cannot be forgotten: the fault waits for a repeat.
  const isRepeat = deps.idempotency.knows(endpoint, body.idempotencyKey);
  if (isRepeat && deps.faults.take("forgetKey", subject))
    deps.idempotency.forget(endpoint, body.idempotencyKey);
  const known = deps.idempotency.recall(endpoint, body.idempotencyKey, request.body);
  if (known !== undefined) return { status: 201, data: known };
  const data = act(resolved, body);
  deps.idempotency.remember(endpoint, body.idempotencyKey, request.body, data);
  return { status: 201, data };
}

/** What a fault may go by. */
export function subjectOf(request: ApiRequest): FaultSubject {
  const body = (request.body ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : undefined);
  return {
    method: request.method,
    path: request.template,
    walletId: text("walletId"),
    idempotencyKey: text("idempotencyKey"),
    refId: text("refId"),
    transactionId: request.params["id"],
  };
}

/** Two resources under one template are two endpoints: a key used on one transaction says nothing about another. */
function endpointOf({ method, template, params }: ApiRequest): string {
  return [method, template, ...Object.values(params)].join(" ");
}
