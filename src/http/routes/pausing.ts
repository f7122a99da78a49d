import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { EVERYTHING, pause, resume } from "../../dispatch/pause.ts";
import type { ApiKey } from "../../keys/find-key.ts";
import { hasPlatform } from "../../queries/has-platform.ts";
import type { ApiDeps } from "../api-deps.ts";
import { actorOf, assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { pausing, reasoned } from "../schemas/operating.ts";
import { opaqueId } from "../schemas/primitives.ts";

const WORDS = {
  pause: {
    summary: "Stop sending",
    description:
      "No new payment is sent. What was sent is followed and settled all the same, and what is accepted meanwhile waits. Asked twice, it changes once.",
  },
  resume: {
    summary: "Let sending go on",
    description:
      "What waited is sent. Nobody else's pause is lifted: what is paused as a platform and as a whole needs both. Asked twice, it changes once.",
  },
} as const;

type Action = keyof typeof WORDS;

/** Stops or resumes the forming of new sends. */
async function order(
  { review, log }: ApiDeps,
  key: ApiKey,
  { action, scope, reason }: { action: Action; scope: string; reason: string },
) {
  const act = action === "pause" ? pause : resume;
  const changed = await act({ ...review.dispatch, log }, scope, reason, actorOf(key));
  return { scope, state: action === "pause" ? "paused" : "running", changed } as const;
}

const forEverything = (action: Action) =>
  defineRoute({
    ...WORDS[action],
    method: "POST",
    path: `/v1/${action}`,
    operationId: `${action}All`,
    tag: "Operating",
    access: { scope: "operate", allPlatforms: true },
    body: reasoned,
    answers: { 200: { description: "How it stands", body: pausing } },
    problems: [],
  })(async ({ deps, key, body: { reason } }) => ({
    status: 200,
    body: await order(deps, key, { action, scope: EVERYTHING, reason }),
  }));

const forPlatform = (action: Action) =>
  defineRoute({
    ...WORDS[action],
    method: "POST",
    path: `/v1/platforms/{id}/${action}`,
    operationId: `${action}Platform`,
    tag: "Operating",
    summary: `${WORDS[action].summary} for one platform`,
    access: { scope: "operate" },
    params: z.object({ id: opaqueId }),
    body: reasoned,
    answers: { 200: { description: "How it stands", body: pausing } },
    problems: ["not_found"],
  })(async ({ deps, key, params: { id: scope }, body: { reason } }) => {
    assertOwn(key, scope, "platform");
    if (!(await askDatabase(() => hasPlatform(deps.pool, scope)))) throw notFound("platform");
    return { status: 200, body: await order(deps, key, { action, scope, reason }) };
  });

export const pauseAll = forEverything("pause");
export const resumeAll = forEverything("resume");
export const pausePlatform = forPlatform("pause");
export const resumePlatform = forPlatform("resume");
