import { z } from "zod";
import { networkOf } from "../network-of.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";

/** Three times the call of PayOnce for 100 payments in hex, which a notification may repeat. */
const BODY_LIMIT_BYTES = 131_072;
/** An IPv6 site (/48) is one sender: it costs nothing to have 65,536 networks of it. */
const SITE_GROUPS = 3;

export const receiveCircleNotification = defineRoute({
  method: "POST",
  path: "/v1/webhooks/circle",
  operationId: "receiveCircleNotification",
  tag: "Service",
  summary: "Take a notification of Circle's",
  description: `For Circle, which signs each (ECDSA, P-256, SHA-256, over the bytes of the body). A notification is a hint: it has the service
ask Circle sooner, and decides nothing. One that came before, is old, or overtook another is taken as well. A deployment that does
not pay through Circle has no such path.`,
  access: "signed",
  headers: z.object({
    // What is missing or malformed fits no key, and costs its sender as much as any other forgery.
    "X-Circle-Signature": z.string().default("").meta({
      description: "The signature in base64 of its DER encoding",
    }),
    "X-Circle-Key-Id": z.string().default("").meta({
      description: "Which of Circle's keys it is by",
    }),
  }),
  bodyLimit: BODY_LIMIT_BYTES,
  answers: { 200: { description: "Taken, or known already", body: null } },
  problems: ["not_found", "signature_invalid", "payload_too_large"],
})(async ({ deps, headers, request }) => {
  if (!deps.notifications) throw notFound("path");
  const outcome = await deps.notifications.receive({
    bytes: request.rawBody,
    signature: headers["X-Circle-Signature"],
    keyId: headers["X-Circle-Key-Id"],
    sender: networkOf(request.ip, SITE_GROUPS),
  });
  switch (outcome) {
    case "accepted":
    case "duplicate":
    case "test":
      return { status: 200, body: null };
    case "forged":
      throw new HttpProblem("signature_invalid", "X-Circle-Signature does not fit the body.");
    case "unknown_key":
      throw new HttpProblem("signature_invalid", "No key is known here by X-Circle-Key-Id.");
  }
});
