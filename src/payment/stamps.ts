/**
 * When a payment passed each place in its present generation, by the database's clock. Null: it has not been there, its road
 * does not lead there, or an older service did not say.
 */
export interface PaymentStamps {
  /** By the platform's clock. */
  readonly occurredAt: Date;
  /** The operator's act that set the clock of a replay, or of a later generation, going. */
  readonly startedAt: Date | null;
  /** When Kafka's client handed its record over, or a request came in. */
  readonly receivedAt: Date;
  readonly acceptedAt: Date;
  readonly plannedAt: Date | null;
  /** The first committed send, be it a void. */
  readonly firstSentAt: Date | null;
  /** The last committed send that was to pay it. */
  readonly sentAt: Date | null;
  /** When the provider or a node took that send. */
  readonly submittedAt: Date | null;
  readonly voidWantedAt: Date | null;
  /** When the head of the block that decided it was first heard of; of a transfer, when the look began that found it. */
  readonly followedAt: Date | null;
  /** When the logs of that block had been read. */
  readonly logsReadAt: Date | null;
  readonly settledAt: Date | null;
  /** Right after Kafka's acknowledgement. */
  readonly publishedAt: Date | null;
}
