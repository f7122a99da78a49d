/**
 * Deliveries go to their receivers: due ones are claimed in fair turns, each is one signed POST, and what came of it is
 * written down. Every database step has one batch in flight and takes all that has piled up. A crash anywhere sends some again
 * under the same id; receivers dedupe by it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database/pool.ts";
import { failpoint } from "../failpoint.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Wake } from "../wake.ts";
import { claimDue, readDue, type Claimed } from "./claim-due.ts";
import { disableEndpoint } from "./disable-endpoint.ts";
import type { Poster } from "./post-message.ts";
import { recordTries, type FinishedTry } from "./record-tries.ts";
import { shareTurns } from "./share-turns.ts";
import { signedHeaders } from "./signed-headers.ts";

export interface SenderDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<
    Metrics,
    "webhookTries" | "webhookTrySeconds" | "webhookExhausted" | "webhookDisabled"
  >;
  readonly poster: Pick<Poster, "post">;
  /** Rung when deliveries were made or made due; this rings it too, when a turn is free again. */
  readonly due: Wake;
  /** Longer than any try takes: a try that is not told of by then died with its process. */
  readonly leaseMs: number;
}

/** What nobody rings for: retries that come due, and the deliveries of an instance that died. */
const POLL_MS = 1_000;
const BACKOFF_MS = 1_000;

/** Sends until the signal aborts; what is under way then is broken off, and is due again at once. Never rejects. */
export async function runSender(deps: SenderDeps, signal: AbortSignal): Promise<void> {
  const sender = createSender(deps, signal);
  let isFailing = false;
  while (!signal.aborted) {
    try {
      await sender.look();
      if (isFailing) deps.log.info("webhooks are sent again");
      isFailing = false;
      await deps.due.heard(POLL_MS, signal);
    } catch (error) {
      if (!isFailing) deps.log.warn({ err: error }, "no webhooks are sent; trying again");
      isFailing = true;
      await delay(BACKOFF_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  await sender.end();
}

function createSender(deps: SenderDeps, signal: AbortSignal) {
  const { pool, due: bell } = deps;
  /** By the try and not by its delivery: one whose lease ran out may be claimed a second time. */
  const underWay = new Map<Claimed, Promise<void>>();
  /** Whose turn was when, so that whoever has waited longest is asked first; only of those that have something due. */
  let lastTurns = new Map<string, number>();
  let turn = 0;
  const finished: FinishedTry[] = [];

  return {
    async look(): Promise<void> {
      await record();
      const due = await readDue(pool);
      const turnOf = ({ endpointId }: { endpointId: string }) => lastTurns.get(endpointId) ?? -1;
      const inTurn = due.toSorted((one, other) => turnOf(one) - turnOf(other));
      const turns = shareTurns(inTurn, [...underWay.keys()]);
      turn += 1;
      lastTurns = new Map(
        due.map((each) => [each.endpointId, turns.has(each.endpointId) ? turn : turnOf(each)]),
      );
      if (turns.size === 0) return;
      const mine = await claimDue(pool, turns, deps.leaseMs);
      if (mine.length > 0) await failpoint("webhooks.claimed");
      for (const claimed of mine) begin(claimed);
    },
    async end(): Promise<void> {
      await Promise.all(underWay.values());
      await record().catch((error: unknown) =>
        deps.log.warn({ err: error }, "webhooks that were broken off are sent again later"),
      );
    },
  };

  function begin(claimed: Claimed): void {
    const startedAtMs = performance.now();
    const done = attempt(deps, claimed, signal).then((outcome) => {
      const durationMs = Math.round(performance.now() - startedAtMs);
      finished.push({ claimed, outcome, durationMs });
      bell.ring();
    });
    underWay.set(claimed, done);
  }

  /** A turn is free once it is written what came of it: while the database is away nothing more is sent than that. */
  async function record(): Promise<void> {
    // A copy: others finish while these are written.
    const told = [...finished];
    if (told.length === 0) return;
    await failpoint("webhooks.answered");
    const exhausted = await recordTries(pool, told);
    await failpoint("webhooks.recorded");
    finished.splice(0, told.length);
    for (const { claimed } of told) underWay.delete(claimed);
    deps.metrics.webhookExhausted.add({}, exhausted.length);
    for (const { outcome, durationMs } of told) {
      deps.metrics.webhookTries.add({ outcome: outcome.kind });
      deps.metrics.webhookTrySeconds.observe({}, durationMs / 1_000);
    }
    await disableGone(deps, told);
  }
}

function attempt({ poster }: SenderDeps, claimed: Claimed, signal: AbortSignal) {
  const { url, body, messageId: id, secret, previousSecret, now: at } = claimed;
  const secrets = previousSecret === null ? [secret] : [secret, previousSecret];
  return poster.post({ url, body, headers: signedHeaders({ id, body, at, secrets }) }, signal);
}

async function disableGone(deps: SenderDeps, tries: readonly FinishedTry[]): Promise<void> {
  const gone = tries.filter(({ outcome }) => outcome.kind === "gone");
  for (const { claimed } of gone) {
    const { endpointId, platformId, url } = claimed;
    if (!(await disableEndpoint(deps.pool, { id: endpointId, url }, "gone"))) continue;
    deps.metrics.webhookDisabled.add({ reason: "gone" });
    deps.log.warn({ endpointId, platformId }, "a webhook endpoint said 410 and is disabled");
  }
}
