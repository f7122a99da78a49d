import { EVERYTHING, pause, resume } from "../dispatch/pause.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { ApiKey } from "../keys/find-key.ts";
import { hasPlatform } from "../queries/has-platform.ts";
import type { ApiDeps } from "./api-deps.ts";
import { actorOf, assertOwn } from "./own-platform.ts";
import { notFound } from "./problems.ts";

export interface PauseOrder {
  readonly action: "pause" | "resume";
  /** Undefined: everything. */
  readonly platformId?: string;
  readonly reason: string;
}

/** Stops or resumes the forming of new sends. What was sent is followed and settled all the same. */
export async function orderPause(
  { review, log, pool }: ApiDeps,
  key: ApiKey,
  { action, platformId, reason }: PauseOrder,
) {
  if (platformId !== undefined) {
    assertOwn(key, platformId, "platform");
    if (!(await askDatabase(() => hasPlatform(pool, platformId)))) throw notFound("platform");
  }
  const scope = platformId ?? EVERYTHING;
  const deps = { ...review.dispatch, log };
  const act = action === "pause" ? pause : resume;
  const changed = await act(deps, scope, reason, actorOf(key));
  return { scope, state: action === "pause" ? "paused" : "running", changed } as const;
}
