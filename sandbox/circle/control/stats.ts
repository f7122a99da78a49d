/** A chain transaction that the emulator broadcast on behalf of a Circle transaction. */
export interface Execution {
  readonly transactionId: string;
  readonly walletId: string;
  readonly txHash: string;
  readonly nonce: number;
  readonly kind: "original" | "duplicate" | "accelerated" | "cancel";
  readonly atMs: number;
}

interface EndpointStats {
  requests: number;
  throttled: number;
  /** Answers by HTTP status; "none" where a fault left the request without an answer. */
  readonly statuses: Record<string, number>;
}

export interface WebhookStats {
  delivered: number;
  /** Tries that were not answered with 200. */
  refused: number;
  /** Given up after the last try, or for want of room. */
  abandoned: number;
}

export interface Stats {
  /** By "METHOD template". */
  readonly endpoints: Record<string, EndpointStats>;
  readonly executions: Execution[];
  readonly webhooks: WebhookStats;
}

/** Executions remembered, newest last; far more than a benchmark makes. */
const EXECUTIONS_MAX = 100_000;

export function createStats(): Stats {
  return {
    endpoints: {},
    executions: [],
    webhooks: { delivered: 0, refused: 0, abandoned: 0 },
  };
}

export function resetStats(stats: Stats): void {
  for (const name of Object.keys(stats.endpoints)) delete stats.endpoints[name];
  stats.executions.length = 0;
  Object.assign(stats.webhooks, { delivered: 0, refused: 0, abandoned: 0 });
}

export function countExecution(stats: Stats, execution: Execution): void {
  stats.executions.push(execution);
  if (stats.executions.length > EXECUTIONS_MAX) stats.executions.shift();
}

/** Counts one request by how it ended. */
export function countAnswer(stats: Stats, endpoint: string, status: number | "none"): void {
  const counts = (stats.endpoints[endpoint] ??= { requests: 0, throttled: 0, statuses: {} });
  counts.requests += 1;
  counts.statuses[status] = (counts.statuses[status] ?? 0) + 1;
  if (status === 429) counts.throttled += 1;
}
