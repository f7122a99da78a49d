import type { Metrics } from "../metrics/create-metrics.ts";
import { MICROS_PER_UNIT } from "../payment/money.ts";
import { openTotals } from "./open-totals.ts";
import type { Backlog } from "./read-backlog.ts";
import type { OpenPayments } from "./read-open-payments.ts";
import type { OperatorSends } from "./read-open-sends.ts";
import type { WebhookFigures } from "./read-webhooks.ts";
import type { Payer } from "./watched-payers.ts";

export function showOpenPayments(metrics: Metrics, open: readonly OpenPayments[]): void {
  const { moving, held } = openTotals(open);
  for (const { state, count, oldestAgeSeconds } of moving) {
    metrics.open.set({ state }, count);
    metrics.openOldestAge.set({ state }, oldestAgeSeconds);
  }
  for (const { reason, count, oldestAgeSeconds } of held) {
    metrics.held.set({ reason }, count);
    metrics.heldOldestAge.set({ reason }, oldestAgeSeconds);
  }
}

export function showOpenSends(
  metrics: Metrics,
  sends: readonly OperatorSends[],
  operators: readonly string[],
): void {
  const idle = operators
    .filter((operator) => !sends.some((each) => each.operator === operator))
    .map((operator) => ({ operator, count: 0, oldestAgeSeconds: 0 }));
  const shown = [...sends, ...idle];
  metrics.sendsOpen.replace(
    shown.map(({ operator, count: value }) => ({ labels: { operator }, value })),
  );
  metrics.sendsOldestAge.replace(
    shown.map(({ operator, oldestAgeSeconds: value }) => ({ labels: { operator }, value })),
  );
}

export function showBacklog(metrics: Metrics, backlog: Backlog): void {
  metrics.deadLettersOpen.set({}, backlog.deadLetters);
  metrics.deadLettersOldestAge.set({}, backlog.deadLettersOldestAge);
  metrics.outboxPending.set({}, backlog.outboxPending);
  metrics.outboxOldestAge.set({}, backlog.outboxOldestAge);
  metrics.outboxRefused.set({}, backlog.outboxRefused);
  metrics.liveUnnumberedAge.set({}, backlog.liveUnnumberedAge);
  metrics.paused.set({ scope: "all" }, backlog.isPaused ? 1 : 0);
  metrics.paused.set({ scope: "platforms" }, backlog.pausedPlatforms);
  metrics.restoreOpen.set({}, backlog.isRestoreOpen ? 1 : 0);
  metrics.followedBlock.set({}, backlog.followedBlock);
}

export function showWebhooks(metrics: Metrics, found: WebhookFigures): void {
  metrics.webhookEndpoints.set({ state: "receiving" }, found.receiving);
  metrics.webhookEndpoints.set({ state: "failing" }, found.failing);
  metrics.webhookEndpoints.set({ state: "disabled" }, found.disabled);
  metrics.webhookOldestDueAge.set({}, found.oldestDueAge);
}

/** Nothing is shown while the last hour is not known whole: too small a demand would look like ample funds. */
export function showDemand({ payerDemand }: Metrics, payers: readonly Payer[] | undefined): void {
  payerDemand.replace(
    (payers ?? []).map(({ payer, currency, demand }) => ({
      labels: { payer, currency },
      value: Number(demand) / Number(MICROS_PER_UNIT),
    })),
  );
}
