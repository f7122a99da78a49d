import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiKey } from "../keys/find-key.ts";
import { networkOf } from "./network-of.ts";
import { HttpProblem } from "./problems.ts";
import type { Access } from "./route.ts";
import type { Taken, TokenBuckets } from "./token-buckets.ts";

export interface AdmissionDeps {
  readonly findKey: (token: string) => Promise<ApiKey | undefined>;
  readonly noteUse: (keyId: string) => void;
  readonly keyBuckets: TokenBuckets;
  readonly addressBuckets: TokenBuckets;
  readonly limits: { readonly perSecond: number; readonly burst: number };
}

export interface Admission {
  /** Lets a request in, or throws what keeps it out. Answers its key where the route asks for one. */
  admit(access: Access, request: FastifyRequest, reply: FastifyReply): Promise<ApiKey | undefined>;
  /** Charges the address with a failed try: guessing is slow. */
  chargeFailure(request: FastifyRequest): void;
}

/**
 * Who comes in, and how often. A key pays with its own tokens; whoever shows none, or a wrong one, with those of its
 * address. Before a key is looked for the address must have one left, so that guessing costs the database nothing.
 */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { keyBuckets, addressBuckets, limits } = deps;
  const policy = `q=${limits.burst};w=${Math.ceil(limits.burst / limits.perSecond)}`;

  function charge(reply: FastifyReply, by: "key" | "address", taken: Taken): void {
    reply.header("ratelimit-policy", `"${by}";${policy}`);
    reply.header("ratelimit", `"${by}";r=${taken.remaining};t=${taken.resetSeconds}`);
    if (taken.allowed) return;
    throw new HttpProblem("rate_limited", `Too many requests of this ${by}.`, {
      headers: { "retry-after": `${taken.retryAfterSeconds}` },
    });
  }

  return {
    async admit(access, request, reply) {
      if (access === "probe") return undefined;
      const address = networkOf(request.ip);
      if (access === "open") {
        charge(reply, "address", addressBuckets.take(address));
        return undefined;
      }
      charge(reply, "address", addressBuckets.look(address));
      if (access === "signed") return undefined;
      const token = bearerToken(request.headers.authorization);
      const key = token === undefined ? undefined : await deps.findKey(token);
      if (!key) {
        addressBuckets.take(address);
        throw unauthenticated(token === undefined);
      }
      charge(reply, "key", keyBuckets.take(key.id));
      deps.noteUse(key.id);
      assertAllowed(access, key);
      return key;
    },
    chargeFailure(request) {
      addressBuckets.take(networkOf(request.ip));
    },
  };
}

function assertAllowed({ scope, allPlatforms }: Exclude<Access, string>, key: ApiKey): void {
  if (!key.scopes.has(scope)) {
    throw new HttpProblem("insufficient_scope", `This needs a key with the scope ${scope}.`);
  }
  if (allPlatforms && key.platformId !== null) {
    throw new HttpProblem("insufficient_scope", "This needs a key for all platforms.");
  }
}

function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(header ?? "")?.[1];
}

function unauthenticated(isMissing: boolean): HttpProblem {
  const detail = isMissing
    ? "Send Authorization: Bearer gsp_…"
    : "The key is unknown, expired or revoked.";
  const error = isMissing ? "" : ', error="invalid_token"';
  return new HttpProblem("unauthenticated", detail, {
    headers: { "www-authenticate": `Bearer realm="gigstream-payments"${error}` },
  });
}
