// Made from docs/openapi.json by `npm run client`. Do not edit.
/* oxlint-disable max-lines */

/** 1 to 128 visible ASCII characters */
export type OpaqueId = string;

export interface CompletedTask {
  readonly platformId: OpaqueId;
  readonly taskId: OpaqueId;
  readonly workerId: OpaqueId;
  readonly amount: AmountIn;
  /** USDC or EURC; a payment in another one fails */
  readonly currency: string;
  /** When the task was completed; now unless given. No part of what makes a repeat */
  readonly occurredAt?: string | undefined;
  /** The caller's id of this event; derived from platform and idempotency key unless given */
  readonly eventId?: OpaqueId | undefined;
}

/** A decimal string with at most 6 decimals, above zero. JSON numbers are refused. */
export type AmountIn = string;

/** `accepted`: waits for its task or worker; `planned`: on its way; `voiding`: being closed on chain, then failed; `review`: in doubt, do not pay again; `completed`: the worker has the money; `failed`: money did not and will not move. */
export type PaymentState = "accepted" | "planned" | "voiding" | "review" | "completed" | "failed";

export interface BulkIn {
  readonly items: readonly BulkItem[];
}

export interface PlatformIn {
  readonly name: string;
  /** The wallet that pays */
  readonly walletAddress: string;
  /** `directory`: a task must be known and completed to be paid; `event`: its own report creates it */
  readonly taskSource: "directory" | "event";
  /** Null or absent: the deployment's own */
  readonly feePercentage?: FeePercentage | null | undefined;
}

/** A percentage below 100 */
export type FeePercentage = string;

export interface WorkersIn {
  readonly items: readonly WorkerItem[];
}

export interface WorkerItem {
  readonly id: OpaqueId;
  /** A wallet's address */
  readonly walletAddress: string;
  readonly name?: string | null | undefined;
}

export interface WorkerIn {
  /** A wallet's address */
  readonly walletAddress: string;
  readonly name?: string | null | undefined;
}

export interface TasksIn {
  readonly items: readonly TaskItem[];
}

export interface TaskItem {
  readonly id: OpaqueId;
  readonly platformId: OpaqueId;
  readonly workerId: OpaqueId;
  readonly amount: AmountIn;
  /** USDC or EURC; a payment in another one fails */
  readonly currency: string;
  /** Only a `completed` task is paid; `paid` is said by the service alone */
  readonly status: "created" | "assigned" | "in_progress" | "completed" | "disputed" | "cancelled";
}

export interface TaskIn {
  readonly platformId: OpaqueId;
  readonly workerId: OpaqueId;
  readonly amount: AmountIn;
  /** USDC or EURC; a payment in another one fails */
  readonly currency: string;
  /** Only a `completed` task is paid; `paid` is said by the service alone */
  readonly status: "created" | "assigned" | "in_progress" | "completed" | "disputed" | "cancelled";
}

export interface WebhookEndpointIn {
  /** `https://`, port 443 or 8443, a public address; no user name, password or fragment */
  readonly url: string;
  /** What it is told of */
  readonly eventTypes: readonly ("payment.completed" | "payment.failed")[];
  /** Needed with a key for all platforms; a platform's own key knows it */
  readonly platformId?: OpaqueId | undefined;
}

export interface WebhookEndpointChange {
  /** `https://`, port 443 or 8443, a public address; no user name, password or fragment */
  readonly url?: string | undefined;
  /** What it is told of */
  readonly eventTypes?: readonly ("payment.completed" | "payment.failed")[] | undefined;
  /** `false` stops telling it; what waits for it goes on with `true` */
  readonly enabled?: boolean | undefined;
}

export interface RetryIn {
  /** 1, and one more with each retry of the failed payment */
  readonly expectedGeneration: number;
  /** Why; kept in the audit log */
  readonly reason: string;
}

export type Resolution =
  | {
      /** `recheck`: look at the chain and all evidence now; `cancel`: have it closed on chain, and failed by that */
      readonly decision: "recheck" | "cancel";
      /** 1, and one more with each retry of the failed payment */
      readonly expectedGeneration: number;
      /** Why; kept in the audit log */
      readonly reason: string;
    }
  | {
      /** `txHash` paid it, which the service proves for itself */
      readonly decision: "confirm_paid";
      /** A transaction's hash */
      readonly txHash: string;
      /** 1, and one more with each retry of the failed payment */
      readonly expectedGeneration: number;
      /** Why; kept in the audit log */
      readonly reason: string;
    };

export interface ReplayOneIn {
  /** Only say what would happen */
  readonly dryRun?: boolean | undefined;
  /** Why; kept in the audit log */
  readonly reason: string;
}

export interface Reasoned {
  /** Why; kept in the audit log */
  readonly reason: string;
}

export interface ReplayIn {
  readonly filter: {
    readonly code?: OpaqueId | undefined;
    readonly platformId?: OpaqueId | undefined;
  };
  readonly limit: number;
  readonly dryRun?: boolean | undefined;
  /** Why; kept in the audit log */
  readonly reason: string;
}

export interface ReconciliationIn {
  /** Why; kept in the audit log */
  readonly reason: string;
  /** 10,000 before the last unless given */
  readonly fromBlock?: number | undefined;
  /** The last that was followed unless given */
  readonly toBlock?: number | undefined;
  /** How many payments' slots are asked for; 1,000 unless given */
  readonly slots?: number | undefined;
}

/** RFC 3339 in UTC with milliseconds */
export type Time = string;

/** A decimal string with exactly 6 decimals */
export type Amount = string;

export interface Failure {
  /** One of task_not_found, worker_mismatch, task_not_completed, task_already_paid, amount_out_of_range, amount_mismatch, currency_unsupported, wallet_not_found, wallet_invalid, wallet_blocked, payer_wallet_unknown, risk_rejected, transfer_denied, transfer_reverted, attempts_exhausted, cancelled_by_operator */
  readonly code: string;
  /** What happened and what to do, in one sentence */
  readonly message: string;
  /** Whether an operator's retry can succeed once the cause is mended */
  readonly retryable: boolean;
}

export interface Payment {
  readonly id: string;
  readonly state: PaymentState;
  /** 1, and one more with each retry of the failed payment */
  readonly generation: number;
  readonly platformId: string;
  readonly workerId: string;
  readonly taskId: string;
  readonly bulkId: string | null;
  /** The event that made it */
  readonly sourceEventId: string;
  readonly idempotencyKey: string;
  readonly amount: Amount;
  /** Null until it is planned */
  readonly fee: Amount | null;
  /** What the worker gets: amount less fee */
  readonly netAmount: Amount | null;
  readonly currency: string;
  readonly rail: "circle" | "arc" | null;
  readonly chainId: number | null;
  /** The transaction that paid it */
  readonly txHash: string | null;
  readonly blockNumber: number | null;
  readonly circleTransactionId: string | null;
  readonly explorerUrl: string | null;
  readonly failure: Failure | null;
  readonly doubt: Doubt | null;
  readonly nextAttemptAt: Time | null;
  readonly occurredAt: Time;
  readonly acceptedAt: Time;
  readonly completedAt: Time | null;
  /** From `occurredAt` to settlement; null unless completed */
  readonly latencyMs: number | null;
}

/** Why nobody knows yet whether the money moved */
export interface Doubt {
  readonly since: Time;
  readonly reason: string;
  readonly lastCheckedAt: Time | null;
  readonly reviewAt: Time | null;
}

export interface Problem {
  /** Where the code is explained */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** What programs branch on */
  readonly code:
    | "invalid_request"
    | "unauthenticated"
    | "signature_invalid"
    | "timestamp_out_of_tolerance"
    | "insufficient_scope"
    | "not_found"
    | "method_not_allowed"
    | "request_timeout"
    | "event_id_conflict"
    | "idempotency_key_conflict"
    | "task_has_payment"
    | "generation_mismatch"
    | "payment_not_failed"
    | "payment_not_in_review"
    | "would_fail_again"
    | "task_already_paid"
    | "before_restore"
    | "transfer_has_no_void"
    | "restore_unconfirmed"
    | "dead_letter_closed"
    | "reconciliation_running"
    | "event_history_expired"
    | "evidence_rejected"
    | "webhook_url_forbidden"
    | "webhook_endpoint_limit"
    | "webhook_endpoint_disabled"
    | "payload_too_large"
    | "unsupported_media_type"
    | "rate_limited"
    | "headers_too_large"
    | "internal"
    | "overloaded"
    | "chain_unavailable"
    | "database_unavailable";
  /** Whether the same request may succeed when made again */
  readonly retryable: boolean;
  readonly requestId: string;
  readonly errors: readonly ProblemPlace[];
  readonly [name: string]: unknown;
}

export interface ProblemPlace {
  readonly in: "body" | "query" | "path" | "header";
  /** JSON pointer within that part */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface PaymentPage {
  readonly data: readonly Payment[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface Bulk {
  readonly bulkId: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly index: number;
    readonly status: "accepted" | "duplicate" | "rejected";
    /** Of a rejected item: the payment that it contradicts */
    readonly paymentId: string | null;
    /** What keeps it from being paid: why it was rejected, or why its payment has failed */
    readonly problem: {
      readonly code: string;
      readonly message: string;
      readonly field: string | null;
    } | null;
  }[];
}

export interface PaymentDetail {
  readonly id: string;
  readonly state: PaymentState;
  /** 1, and one more with each retry of the failed payment */
  readonly generation: number;
  readonly platformId: string;
  readonly workerId: string;
  readonly taskId: string;
  readonly bulkId: string | null;
  /** The event that made it */
  readonly sourceEventId: string;
  readonly idempotencyKey: string;
  readonly amount: Amount;
  /** Null until it is planned */
  readonly fee: Amount | null;
  /** What the worker gets: amount less fee */
  readonly netAmount: Amount | null;
  readonly currency: string;
  readonly rail: "circle" | "arc" | null;
  readonly chainId: number | null;
  /** The transaction that paid it */
  readonly txHash: string | null;
  readonly blockNumber: number | null;
  readonly circleTransactionId: string | null;
  readonly explorerUrl: string | null;
  readonly failure: Failure | null;
  readonly doubt: Doubt | null;
  readonly nextAttemptAt: Time | null;
  readonly occurredAt: Time;
  readonly acceptedAt: Time;
  readonly completedAt: Time | null;
  /** From `occurredAt` to settlement; null unless completed */
  readonly latencyMs: number | null;
  readonly attempts: readonly Attempt[];
  readonly timeline: readonly TimelineStage[];
  /** Its W3C trace, where it has one */
  readonly traceId: string | null;
}

/** One send that carried the payment */
export interface Attempt {
  readonly n: number;
  readonly kind: "pay" | "void";
  /** open, paid, refused, skipped, voided, reverted, dead or abandoned */
  readonly outcome: string;
  readonly errorCode: string | null;
  readonly detail: string | null;
  readonly txHash: string | null;
  readonly at: Time;
}

export interface TimelineStage {
  readonly stage: string;
  /** When the stage ended */
  readonly at: Time;
  readonly durationMs: number;
  /** In the mean; null: the wait for a retry or a void has none */
  readonly budgetMs: number | null;
}

export interface PlatformPut {
  readonly id: string;
  readonly name: string;
  readonly walletAddress: string;
  readonly taskSource: "directory" | "event";
  readonly feePercentage: string | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  /** What the platform signs its webhooks with; shown this once */
  readonly webhookSecret: string | null;
}

export interface PlatformDetail {
  readonly id: string;
  readonly name: string;
  readonly walletAddress: string;
  readonly taskSource: "directory" | "event";
  readonly feePercentage: string | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  /** What its wallet has, by currency */
  readonly funds:
    | readonly {
        readonly currency: string;
        readonly balance: Amount;
        /** What may be moved of it */
        readonly allowance: Amount;
        /** Whether the token refuses this wallet */
        readonly blocked: boolean;
      }[]
    | null;
  /** Why `funds` is null */
  readonly fundsReason: "chain_unavailable" | null;
  /** What keeps it from paying; empty: nothing */
  readonly missingSetup:
    | readonly {
        readonly code:
          | "wallet_not_of_this_account"
          | "wallet_blocked"
          | "wallet_empty"
          | "allowance_missing";
        readonly currency: string | null;
        /** What to do, in one sentence */
        readonly detail: string;
      }[]
    | null;
}

export interface RotatedSecret {
  readonly platformId: string;
  readonly webhookSecret: string;
}

export interface PutReport {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly index: number;
    readonly id: string;
    readonly status: "created" | "updated" | "unchanged" | "rejected";
    readonly problem: {
      readonly code: string;
      readonly message: string;
      readonly field: string | null;
    } | null;
  }[];
}

export interface Worker {
  readonly id: string;
  readonly name: string | null;
  readonly walletAddress: string | null;
  /** Points for completed tasks */
  readonly reputation: number;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

export interface Task {
  readonly id: string;
  readonly platformId: string;
  readonly workerId: string;
  readonly amount: Amount;
  readonly currency: string;
  readonly status:
    | "created"
    | "assigned"
    | "in_progress"
    | "completed"
    | "disputed"
    | "cancelled"
    | "paid";
  readonly paymentId: string | null;
  readonly paidAt: Time | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

export interface WorkerStats {
  readonly workerId: string;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly inReview: number;
  readonly inProgress: number;
  readonly meanLatencyMs: number | null;
  /** Completed of those that ended; null while none did */
  readonly successRate: number | null;
  readonly byCurrency: readonly {
    readonly currency: string;
    readonly totalAmount: Amount;
    readonly totalFees: Amount;
    readonly totalNet: Amount;
  }[];
}

export interface WebhookEndpointCreated {
  readonly id: string;
  readonly platformId: string;
  readonly url: string;
  readonly eventTypes: readonly ("payment.completed" | "payment.failed")[];
  /** `requested`: by the platform; `gone`: the receiver answered 410; `backlog`: more than 100,000 deliveries waited for it */
  readonly disabled: {
    readonly since: Time;
    readonly reason: "requested" | "gone" | "backlog";
  } | null;
  /** Since when no try has come through; null while all is well */
  readonly failingSince: Time | null;
  readonly secretRotatedAt: Time;
  /** Until when the secret before signs as well */
  readonly previousSecretUntil: Time | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  /** What deliveries are signed with; shown this once */
  readonly secret: string;
}

export interface WebhookEndpointPage {
  readonly data: readonly WebhookEndpoint[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface WebhookEndpoint {
  readonly id: string;
  readonly platformId: string;
  readonly url: string;
  readonly eventTypes: readonly ("payment.completed" | "payment.failed")[];
  /** `requested`: by the platform; `gone`: the receiver answered 410; `backlog`: more than 100,000 deliveries waited for it */
  readonly disabled: {
    readonly since: Time;
    readonly reason: "requested" | "gone" | "backlog";
  } | null;
  /** Since when no try has come through; null while all is well */
  readonly failingSince: Time | null;
  readonly secretRotatedAt: Time;
  /** Until when the secret before signs as well */
  readonly previousSecretUntil: Time | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

export interface RotatedWebhookSecret {
  readonly endpointId: string;
  /** What deliveries are signed with; shown this once */
  readonly secret: string;
  readonly previousSecretUntil: Time;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly platformId: string;
  /** `webhook-id`: the event's id, the same over all tries and endpoints */
  readonly webhookId: string;
  readonly eventType: string;
  /** `pending`: a try is due or under way; `delivered`: answered with 2xx; `exhausted`: ten tries did not come through */
  readonly status: "pending" | "delivered" | "exhausted";
  readonly attempts: number;
  readonly nextAttemptAt: Time | null;
  readonly lastAttemptAt: Time | null;
  /** delivered, rejected, gone, timeout, unreachable, forbidden or stopped */
  readonly lastOutcome: string | null;
  readonly lastStatusCode: number | null;
  readonly lastDurationMs: number | null;
  readonly deliveredAt: Time | null;
  readonly createdAt: Time;
}

export interface WebhookDeliveryPage {
  readonly data: readonly WebhookDelivery[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface WorkerEarnings {
  readonly stats: WorkerStats;
  /** The newest; `GET /v1/workers/{id}/payments` takes its cursor */
  readonly payments: PaymentPage;
  /** What the worker's wallet has now, by currency */
  readonly walletBalances:
    | readonly {
        readonly currency: string;
        readonly balance: Amount;
      }[]
    | null;
  /** Why `walletBalances` is null */
  readonly walletBalancesReason: "no_wallet" | "chain_unavailable" | null;
}

export interface Resolved {
  readonly payment: PaymentDetail;
  readonly checks: readonly Check[];
}

export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  readonly passed: boolean;
}

export interface ReviewPage {
  readonly data: readonly Review[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface Review {
  readonly id: string;
  readonly state: PaymentState;
  /** 1, and one more with each retry of the failed payment */
  readonly generation: number;
  readonly platformId: string;
  readonly workerId: string;
  readonly taskId: string;
  readonly bulkId: string | null;
  /** The event that made it */
  readonly sourceEventId: string;
  readonly idempotencyKey: string;
  readonly amount: Amount;
  /** Null until it is planned */
  readonly fee: Amount | null;
  /** What the worker gets: amount less fee */
  readonly netAmount: Amount | null;
  readonly currency: string;
  readonly rail: "circle" | "arc" | null;
  readonly chainId: number | null;
  /** The transaction that paid it */
  readonly txHash: string | null;
  readonly blockNumber: number | null;
  readonly circleTransactionId: string | null;
  readonly explorerUrl: string | null;
  readonly failure: Failure | null;
  readonly doubt: Doubt | null;
  readonly nextAttemptAt: Time | null;
  readonly occurredAt: Time;
  readonly acceptedAt: Time;
  readonly completedAt: Time | null;
  /** From `occurredAt` to settlement; null unless completed */
  readonly latencyMs: number | null;
  /** What goes on being sent for it; null: its evidence contradicts this service */
  readonly intent: "pay" | "void" | null;
  /** What kind of doubt it is */
  readonly doubtCode: string;
  /** What it is and what to do, in one sentence */
  readonly advice: string;
}

export interface DeadLetterPage {
  readonly data: readonly DeadLetter[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface DeadLetter {
  readonly id: string;
  readonly status: "open" | "replayed" | "discarded";
  /** Why it was refused, when last it was */
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly platformId: string | null;
  /** The payment that it contradicts */
  readonly paymentId: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly recordedAt: Time | null;
  readonly valueBytes: number;
  readonly valueSha256: string;
  readonly createdAt: Time;
  readonly replays: number;
  readonly replayedAt: Time | null;
  readonly closedAt: Time | null;
  readonly closedBy: string | null;
  readonly closedReason: string | null;
}

export interface DeadLetterDetail {
  readonly id: string;
  readonly status: "open" | "replayed" | "discarded";
  /** Why it was refused, when last it was */
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly platformId: string | null;
  /** The payment that it contradicts */
  readonly paymentId: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly recordedAt: Time | null;
  readonly valueBytes: number;
  readonly valueSha256: string;
  readonly createdAt: Time;
  readonly replays: number;
  readonly replayedAt: Time | null;
  readonly closedAt: Time | null;
  readonly closedBy: string | null;
  readonly closedReason: string | null;
  readonly key: ShownBytes | null;
  readonly value: ShownBytes | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, string | null>> | null;
  readonly difference: {
    readonly field: string;
    readonly letter: string | null;
    readonly payment: string | null;
  } | null;
  readonly history: readonly {
    readonly at: Time;
    readonly actor: string;
    readonly action: string;
    readonly details: Readonly<Record<string, unknown>>;
  }[];
}

/** As they are, and as text where they are text */
export interface ShownBytes {
  readonly base64: string;
  readonly text: string | null;
}

export interface Replayed {
  readonly dryRun: boolean;
  readonly replayed: number;
  readonly refused: number;
  readonly results: readonly {
    readonly deadLetterId: string;
    readonly status: "replayed" | "refused";
    readonly verdict: "new" | "duplicate" | "reopened" | null;
    readonly paymentId: string | null;
    readonly generation: number | null;
    readonly state: "accepted" | "planned" | "voiding" | "review" | "completed" | "failed" | null;
    readonly problem: {
      readonly code: string;
      readonly message: string;
      readonly field: string | null;
    } | null;
  }[];
}

export interface Pausing {
  /** A platform's id, or `*` for everything */
  readonly scope: string;
  readonly state: "paused" | "running";
  /** Whether it stood otherwise before */
  readonly changed: boolean;
}

export interface ReconciliationDetail {
  readonly id: string;
  readonly status: "running" | "done" | "failed";
  readonly requestedBy: string;
  readonly reason: string;
  readonly startedAt: Time;
  readonly endedAt: Time | null;
  /** 0: all is as it should be; null unless done */
  readonly mismatchCount: number | null;
  /** Why it could not be verified */
  readonly error: string | null;
  /** As `gigpay verify --json` has it; null unless done */
  readonly report: {
    readonly checks: readonly {
      readonly name: string;
      readonly rows: number;
      readonly ms: number;
      readonly mismatches: number;
    }[];
    readonly mismatches: readonly {
      readonly kind: string;
      readonly severity: "broken" | "late";
      readonly paymentId: string | null;
      readonly blockNumber: number | null;
      readonly detail: string;
    }[];
    readonly isCut: boolean;
    readonly blocksChecked: {
      readonly from: number;
      readonly to: number;
    } | null;
  } | null;
}

export interface ReconciliationPage {
  readonly data: readonly Reconciliation[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface Reconciliation {
  readonly id: string;
  readonly status: "running" | "done" | "failed";
  readonly requestedBy: string;
  readonly reason: string;
  readonly startedAt: Time;
  readonly endedAt: Time | null;
  /** 0: all is as it should be; null unless done */
  readonly mismatchCount: number | null;
  /** Why it could not be verified */
  readonly error: string | null;
}

export interface AuditPage {
  readonly data: readonly AuditEntry[];
  /** Null on the last page */
  readonly nextCursor: string | null;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: Time;
  readonly actor: string;
  readonly action: string;
  readonly paymentId: string | null;
  readonly generation: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Status {
  readonly rail: "circle" | "arc";
  readonly method: "payonce" | "transfer";
  readonly chainId: number;
  /** Null with plain transfers */
  readonly payOnce: string | null;
  /** Who answers */
  readonly instanceId: string;
  readonly commit: string;
  readonly readiness: Readiness;
  /** What should be moving, or is in doubt */
  readonly open: readonly {
    readonly state: "accepted" | "planned" | "voiding" | "review";
    /** Of a greater backlog than 10,000 so many are counted */
    readonly count: number;
    /** 0 where there is none */
    readonly oldestAgeSeconds: number;
  }[];
  /** What waits for money, a pause or a restore */
  readonly held: readonly {
    readonly reason: "funds" | "pause" | "restore";
    /** Of a greater backlog than 10,000 so many are counted */
    readonly count: number;
    /** 0 where there is none */
    readonly oldestAgeSeconds: number;
  }[];
  readonly pauses: readonly {
    /** A platform's id, or `*` for everything */
    readonly scope: string;
    readonly reason: string;
    readonly actor: string;
    readonly since: Time;
  }[];
  /** A restored backup that nobody has confirmed: nothing is sent */
  readonly isRestoreOpen: boolean;
  readonly outbox: {
    readonly pending: number;
    readonly oldestAgeSeconds: number;
    /** Records that Kafka will not take as they are */
    readonly refused: number;
  };
  readonly deadLetters: {
    readonly open: number;
    readonly oldestAgeSeconds: number;
  };
  readonly liveEvents: {
    readonly unnumberedOldestAgeSeconds: number;
  };
  readonly followedBlock: number | null;
  /** Of the ledger, every minute; null before the first */
  readonly verification: {
    readonly verifiedUntil: Time;
    readonly verifiedBlock: number;
    /** Found by the last look */
    readonly mismatches: number;
  } | null;
}

export interface Readiness {
  readonly status: "ok" | "degraded" | "unavailable";
  readonly checks: readonly {
    readonly name: string;
    readonly status: "ok" | "degraded" | "unavailable";
    readonly detail: string | null;
  }[];
}

export interface Liveness {
  readonly status: "ok";
}

export interface BulkItem {
  readonly platformId: OpaqueId;
  readonly taskId: OpaqueId;
  readonly workerId: OpaqueId;
  readonly amount: AmountIn;
  /** USDC or EURC; a payment in another one fails */
  readonly currency: string;
  /** When the task was completed; now unless given. No part of what makes a repeat */
  readonly occurredAt?: string | undefined;
  /** The caller's id of this event; derived from platform and idempotency key unless given */
  readonly eventId?: OpaqueId | undefined;
  /** The payment's key; derived from task and worker unless given */
  readonly idempotencyKey?: OpaqueId | undefined;
}

export interface LiveEvent {
  readonly type:
    | "payment.completed"
    | "payment.failed"
    | "payment.accepted"
    | "payment.planned"
    | "payment.sent"
    | "payment.review";
  readonly at: Time;
  /** Its event's in Kafka; null for a hint */
  readonly eventId: string | null;
  readonly paymentId: string;
  /** 1, and one more with each retry of the failed payment */
  readonly generation: number;
  readonly platformId: string;
  readonly workerId: string;
  readonly taskId: string;
  readonly amount: Amount;
  readonly currency: string;
  readonly fee: Amount | null;
  readonly netAmount: Amount | null;
  readonly txHash: string | null;
  readonly latencyMs: number | null;
  readonly failure: Failure | null;
  readonly doubtReason: string | null;
}

/** What each operation takes and answers, by its operationId. */
export interface Operations {
  /** Pay a completed task */
  readonly createPayment: {
    readonly input: {
      readonly header?: {
        /** The payment's key, kept for ever; derived from task and worker unless given. The same key with other content is refused */
        readonly "Idempotency-Key"?: OpaqueId | undefined;
        /** `wait=N`: answer once the payment has ended, after N seconds (10 at most) at the latest */
        readonly Prefer?: string | undefined;
        /** W3C trace context; it is carried on into the outgoing event */
        readonly traceparent?: string | undefined;
      };
      readonly body: CompletedTask;
    };
    readonly answer: Payment;
  };
  /** List payments */
  readonly listPayments: {
    readonly input: {
      readonly query?: {
        /** Only this worker's */
        readonly workerId?: OpaqueId | undefined;
        /** Only those in this state */
        readonly state?: PaymentState | undefined;
        /** Only this platform's */
        readonly platformId?: OpaqueId | undefined;
        /** Only this task's */
        readonly taskId?: OpaqueId | undefined;
        /** Only those of this bulk */
        readonly bulkId?: string | undefined;
        /** Only the one of this key */
        readonly idempotencyKey?: OpaqueId | undefined;
        /** Only those that this transaction paid */
        readonly txHash?: string | undefined;
        /** Accepted at or after */
        readonly from?: string | undefined;
        /** Accepted before */
        readonly to?: string | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: PaymentPage;
  };
  /** Pay up to 500 completed tasks */
  readonly createBulk: {
    readonly input: {
      readonly header?: {
        /** W3C trace context */
        readonly traceparent?: string | undefined;
      };
      readonly body: BulkIn;
    };
    readonly answer: Bulk;
  };
  /** Report a completed task by webhook */
  readonly reportTask: {
    readonly input: {
      readonly header: {
        /** The event's id */
        readonly "webhook-id": OpaqueId;
        /** Seconds since 1970; at most five minutes off */
        readonly "webhook-timestamp": string;
        /** `v1,` and the signature in base64; several with spaces between */
        readonly "webhook-signature": string;
      };
      readonly body: CompletedTask;
    };
    readonly answer: Payment;
  };
  /** Show a payment */
  readonly getPayment: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: PaymentDetail;
  };
  /** Hear what becomes of payments, live */
  readonly streamEvents: {
    readonly input: {
      readonly query?: {
        /** All unless given: payment.completed, payment.failed, payment.accepted, payment.planned, payment.sent, payment.review, separated by commas */
        readonly types?: string | undefined;
        /** Only this worker's */
        readonly workerId?: OpaqueId | undefined;
        /** Only this payment's */
        readonly paymentId?: string | undefined;
      };
      readonly header?: {
        /** The id of the last event that was met */
        readonly "Last-Event-ID"?: string | undefined;
      };
    };
    readonly answer: string;
  };
  /** Create or change a platform */
  readonly putPlatform: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly body: PlatformIn;
    };
    readonly answer: PlatformPut;
  };
  /** Show a platform */
  readonly getPlatform: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
    };
    readonly answer: PlatformDetail;
  };
  /** Give a platform a new webhook secret */
  readonly rotatePlatformSecret: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
    };
    readonly answer: RotatedSecret;
  };
  /** Create or change up to 500 workers */
  readonly putWorkers: {
    readonly input: {
      readonly body: WorkersIn;
    };
    readonly answer: PutReport;
  };
  /** Create or change a worker */
  readonly putWorker: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly body: WorkerIn;
    };
    readonly answer: Worker;
  };
  /** Show a worker */
  readonly getWorker: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
    };
    readonly answer: Worker;
  };
  /** Create or change up to 500 tasks */
  readonly putTasks: {
    readonly input: {
      readonly body: TasksIn;
    };
    readonly answer: PutReport;
  };
  /** Create or change a task */
  readonly putTask: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly body: TaskIn;
    };
    readonly answer: Task;
  };
  /** Show a task */
  readonly getTask: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly query?: {
        /** Whose task; a key for all platforms must say it */
        readonly platformId?: OpaqueId | undefined;
      };
    };
    readonly answer: Task;
  };
  /** List a worker's payments */
  readonly listWorkerPayments: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly query?: {
        /** Only those in this state */
        readonly state?: PaymentState | undefined;
        /** Only this platform's */
        readonly platformId?: OpaqueId | undefined;
        /** Only this task's */
        readonly taskId?: OpaqueId | undefined;
        /** Only those of this bulk */
        readonly bulkId?: string | undefined;
        /** Only the one of this key */
        readonly idempotencyKey?: OpaqueId | undefined;
        /** Only those that this transaction paid */
        readonly txHash?: string | undefined;
        /** Accepted at or after */
        readonly from?: string | undefined;
        /** Accepted before */
        readonly to?: string | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: PaymentPage;
  };
  /** Sum a worker's payments */
  readonly getWorkerStats: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
    };
    readonly answer: WorkerStats;
  };
  /** Have a URL told how payments end */
  readonly createWebhookEndpoint: {
    readonly input: {
      readonly body: WebhookEndpointIn;
    };
    readonly answer: WebhookEndpointCreated;
  };
  /** List webhook endpoints */
  readonly listWebhookEndpoints: {
    readonly input: {
      readonly query?: {
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: WebhookEndpointPage;
  };
  /** Show a webhook endpoint */
  readonly getWebhookEndpoint: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: WebhookEndpoint;
  };
  /** Change, disable or enable a webhook endpoint */
  readonly changeWebhookEndpoint: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
      readonly body: WebhookEndpointChange;
    };
    readonly answer: WebhookEndpoint;
  };
  /** Delete a webhook endpoint */
  readonly deleteWebhookEndpoint: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: null;
  };
  /** Give a webhook endpoint a new secret */
  readonly rotateWebhookSecret: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: RotatedWebhookSecret;
  };
  /** Send a test to a webhook endpoint */
  readonly testWebhookEndpoint: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: WebhookDelivery;
  };
  /** List webhook deliveries */
  readonly listWebhookDeliveries: {
    readonly input: {
      readonly query?: {
        /** Only this endpoint's */
        readonly endpointId?: string | undefined;
        /** Only those that stand so */
        readonly status?: "pending" | "delivered" | "exhausted" | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: WebhookDeliveryPage;
  };
  /** Deliver a webhook again */
  readonly redeliverWebhook: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: WebhookDelivery;
  };
  /** Show what a worker has earned */
  readonly getWorkerEarnings: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
    };
    readonly answer: WorkerEarnings;
  };
  /** Pay a failed payment after all */
  readonly retryPayment: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
      readonly body: RetryIn;
    };
    readonly answer: PaymentDetail;
  };
  /** Resolve a payment in review */
  readonly resolvePayment: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
      readonly body: Resolution;
    };
    readonly answer: Resolved;
  };
  /** List payments in review */
  readonly listReviews: {
    readonly input: {
      readonly query?: {
        /** Only this kind of doubt */
        readonly code?: OpaqueId | undefined;
        /** Only this platform's */
        readonly platformId?: OpaqueId | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: ReviewPage;
  };
  /** List dead letters */
  readonly listDeadLetters: {
    readonly input: {
      readonly query?: {
        /** Only those that stand so */
        readonly status?: "open" | "replayed" | "discarded" | undefined;
        /** Only those refused for this */
        readonly code?: OpaqueId | undefined;
        /** Only this platform's */
        readonly platformId?: OpaqueId | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: DeadLetterPage;
  };
  /** Show a dead letter */
  readonly getDeadLetter: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: DeadLetterDetail;
  };
  /** Replay a dead letter */
  readonly replayDeadLetter: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
      readonly body: ReplayOneIn;
    };
    readonly answer: Replayed;
  };
  /** Discard a dead letter */
  readonly discardDeadLetter: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
      readonly body: Reasoned;
    };
    readonly answer: DeadLetterDetail;
  };
  /** Replay open dead letters by filter */
  readonly replayDeadLetters: {
    readonly input: {
      readonly body: ReplayIn;
    };
    readonly answer: Replayed;
  };
  /** Stop sending */
  readonly pauseAll: {
    readonly input: {
      readonly body: Reasoned;
    };
    readonly answer: Pausing;
  };
  /** Let sending go on */
  readonly resumeAll: {
    readonly input: {
      readonly body: Reasoned;
    };
    readonly answer: Pausing;
  };
  /** Stop sending for one platform */
  readonly pausePlatform: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly body: Reasoned;
    };
    readonly answer: Pausing;
  };
  /** Let sending go on for one platform */
  readonly resumePlatform: {
    readonly input: {
      readonly path: {
        /** 1 to 128 visible ASCII characters */
        readonly id: OpaqueId;
      };
      readonly body: Reasoned;
    };
    readonly answer: Pausing;
  };
  /** Verify the whole ledger */
  readonly createReconciliation: {
    readonly input: {
      readonly body: ReconciliationIn;
    };
    readonly answer: ReconciliationDetail;
  };
  /** List verifications */
  readonly listReconciliations: {
    readonly input: {
      readonly query?: {
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: ReconciliationPage;
  };
  /** Show a verification */
  readonly getReconciliation: {
    readonly input: {
      readonly path: {
        /** A UUID */
        readonly id: string;
      };
    };
    readonly answer: ReconciliationDetail;
  };
  /** List the audit log */
  readonly listAudit: {
    readonly input: {
      readonly query?: {
        /** Only what concerns this payment */
        readonly paymentId?: string | undefined;
        /** Only acts of this kind */
        readonly action?: OpaqueId | undefined;
        /** How many at most */
        readonly limit?: number | undefined;
        /** `nextCursor` of the page before */
        readonly cursor?: string | undefined;
      };
    };
    readonly answer: AuditPage;
  };
  /** Take a notification of Circle's */
  readonly receiveCircleNotification: {
    readonly input: {
      readonly header?: {
        /** The signature in base64 of its DER encoding */
        readonly "X-Circle-Signature"?: string | undefined;
        /** Which of Circle's keys it is by */
        readonly "X-Circle-Key-Id"?: string | undefined;
      };
    };
    readonly answer: null;
  };
  /** Show how the deployment stands */
  readonly getStatus: {
    readonly input: {};
    readonly answer: Status;
  };
  /** Whether the process lives */
  readonly livez: {
    readonly input: {};
    readonly answer: Liveness;
  };
  /** Whether requests should come here */
  readonly readyz: {
    readonly input: {};
    readonly answer: Readiness;
  };
  /** Explain a problem code */
  readonly showProblem: {
    readonly input: {
      readonly path: {
        /** `code` of a problem */
        readonly code: string;
      };
    };
    readonly answer: string;
  };
}

/** Where each operation is found. */
export const OPERATIONS = {
  createPayment: { method: "POST", path: "/v1/payments" },
  listPayments: { method: "GET", path: "/v1/payments" },
  createBulk: { method: "POST", path: "/v1/payments/bulk" },
  reportTask: { method: "POST", path: "/v1/webhooks/task-completed" },
  getPayment: { method: "GET", path: "/v1/payments/{id}" },
  streamEvents: { method: "GET", path: "/v1/events" },
  putPlatform: { method: "PUT", path: "/v1/platforms/{id}" },
  getPlatform: { method: "GET", path: "/v1/platforms/{id}" },
  rotatePlatformSecret: { method: "POST", path: "/v1/platforms/{id}/rotate-secret" },
  putWorkers: { method: "PUT", path: "/v1/workers/bulk" },
  putWorker: { method: "PUT", path: "/v1/workers/{id}" },
  getWorker: { method: "GET", path: "/v1/workers/{id}" },
  putTasks: { method: "PUT", path: "/v1/tasks/bulk" },
  putTask: { method: "PUT", path: "/v1/tasks/{id}" },
  getTask: { method: "GET", path: "/v1/tasks/{id}" },
  listWorkerPayments: { method: "GET", path: "/v1/workers/{id}/payments" },
  getWorkerStats: { method: "GET", path: "/v1/workers/{id}/stats" },
  createWebhookEndpoint: { method: "POST", path: "/v1/webhook-endpoints" },
  listWebhookEndpoints: { method: "GET", path: "/v1/webhook-endpoints" },
  getWebhookEndpoint: { method: "GET", path: "/v1/webhook-endpoints/{id}" },
  changeWebhookEndpoint: { method: "PATCH", path: "/v1/webhook-endpoints/{id}" },
  deleteWebhookEndpoint: { method: "DELETE", path: "/v1/webhook-endpoints/{id}" },
  rotateWebhookSecret: { method: "POST", path: "/v1/webhook-endpoints/{id}/rotate-secret" },
  testWebhookEndpoint: { method: "POST", path: "/v1/webhook-endpoints/{id}/test" },
  listWebhookDeliveries: { method: "GET", path: "/v1/webhook-deliveries" },
  redeliverWebhook: { method: "POST", path: "/v1/webhook-deliveries/{id}/redeliver" },
  getWorkerEarnings: { method: "GET", path: "/v1/workers/{id}/earnings" },
  retryPayment: { method: "POST", path: "/v1/payments/{id}/retry" },
  resolvePayment: { method: "POST", path: "/v1/payments/{id}/resolve" },
  listReviews: { method: "GET", path: "/v1/reviews" },
  listDeadLetters: { method: "GET", path: "/v1/dead-letters" },
  getDeadLetter: { method: "GET", path: "/v1/dead-letters/{id}" },
  replayDeadLetter: { method: "POST", path: "/v1/dead-letters/{id}/replay" },
  discardDeadLetter: { method: "POST", path: "/v1/dead-letters/{id}/discard" },
  replayDeadLetters: { method: "POST", path: "/v1/dead-letters/replay" },
  pauseAll: { method: "POST", path: "/v1/pause" },
  resumeAll: { method: "POST", path: "/v1/resume" },
  pausePlatform: { method: "POST", path: "/v1/platforms/{id}/pause" },
  resumePlatform: { method: "POST", path: "/v1/platforms/{id}/resume" },
  createReconciliation: { method: "POST", path: "/v1/reconciliations" },
  listReconciliations: { method: "GET", path: "/v1/reconciliations" },
  getReconciliation: { method: "GET", path: "/v1/reconciliations/{id}" },
  listAudit: { method: "GET", path: "/v1/audit" },
  receiveCircleNotification: { method: "POST", path: "/v1/webhooks/circle" },
  getStatus: { method: "GET", path: "/v1/status" },
  livez: { method: "GET", path: "/livez" },
  readyz: { method: "GET", path: "/readyz" },
  showProblem: { method: "GET", path: "/problems/{code}" },
} as const satisfies Record<keyof Operations, { method: string; path: string }>;
