/** Sections of docs/runbook.md, by their headings. */
export const RUNBOOK_SECTIONS = [
  "PaymentsLatencyBudgetBurn",
  "PaymentsStuck",
  "PaymentsInReview",
  "PaymentsPayerFundsLow",
  "PaymentsHeldLong",
  "PaymentsPaused",
  "PaymentsAlarm",
  "PaymentsReconciliationMismatch",
  "PaymentsReconciliationStale",
  "PaymentsConsumerLagging",
  "PaymentsConsumerStalled",
  "PaymentsOutboxOld",
  "PaymentsDeadLetters",
  "PaymentsWebhooksWaiting",
  "PaymentsWebhookEndpointDisabled",
  "PaymentsChainSilent",
  "PaymentsFollowingBehind",
  "PaymentsOperatorGasLow",
  "PaymentsSendsOld",
  "PaymentsCircleThrottled",
  "PaymentsDown",
  "PaymentsLiveEventsLate",
  "PaymentsSamplerStale",
  "PaymentsDatabaseConnectionsExhausted",
  "PaymentsErrorsLogged",
  "PaymentsHeartbeatMissing",
  "PaymentsHttpErrors",
  "PaymentsHttpSlow",
  "PaymentsCircleNotificationsForged",
] as const;
export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

/** `$docs` is where a deployment's Grafana finds this checkout's docs/. */
export function runbookUrl(section: RunbookSection): string {
  return `\${docs}/runbook.md#${section.toLowerCase()}`;
}
