import type { ReplayDeps } from "../acceptance/replay-dead-letter.ts";
import type { NotificationInbox } from "../circle/notification-inbox.ts";
import type { Database } from "../database/pool.ts";
import type { Logger } from "../log.ts";
import type { Submission, SubmissionResult } from "../payment/submission.ts";
import type { ReviewDeps } from "../operating/review-deps.ts";
import type { WebhookPort } from "./webhook-port.ts";
import type { LiveFeed } from "./live/live-feed.ts";
import type { OutcomeWatch } from "./outcome-watch.ts";
import type { Reconciler } from "../reconciling/create-reconciler.ts";
import type { RailName } from "../payment/events.ts";
import type { Method } from "../payment/method.ts";
import type { Purses } from "./purses.ts";
import type { Readiness } from "./readiness.ts";

/** What is running, and for which instance of PayOnce. */
interface Deployment {
  readonly rail: RailName;
  readonly method: Method;
  readonly chainId: number;
  readonly payOnce: string;
  readonly instanceId: string;
  readonly commit: string;
}

/** What the routes need of the service. */
export interface ApiDeps {
  readonly log: Logger;
  /** Apart from the line's: whoever reads lists takes no payment's connection. */
  readonly pool: Database;
  /** Commit 1, the same as Kafka's; one result per submission, in order. */
  readonly accept: (submissions: readonly Submission[]) => Promise<readonly SubmissionResult[]>;
  readonly outcomes: OutcomeWatch;
  readonly live: Pick<LiveFeed, "open">;
  /** For retries, and for the bytes of dead letters. */
  readonly replay: ReplayDeps;
  readonly review: ReviewDeps;
  readonly webhooks: WebhookPort;
  /** Null: this deployment does not pay through Circle. */
  readonly notifications: NotificationInbox | null;
  readonly reconciler: Pick<Reconciler, "begin">;
  readonly purses: Purses;
  readonly deployment: Deployment;
  /** Without a slash at its end; null: payments have no explorer links. */
  readonly explorerUrl: string | null;
  /** Where this API is found from outside, without a slash at its end. */
  readonly publicUrl: string;
  /** The OpenAPI document of all routes. */
  readonly openApi: () => unknown;
  readonly readiness: () => Promise<Readiness>;
}
