/** kafkajs wraps errors in errors; what counts may be any of them. */
const CAUSES_MAX = 10;

interface KafkaJsError {
  readonly name?: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

function chainOf(error: unknown): KafkaJsError[] {
  const chain: KafkaJsError[] = [];
  let current = error;
  while (typeof current === "object" && current !== null && chain.length < CAUSES_MAX) {
    const link: KafkaJsError = current;
    chain.push(link);
    current = link.cause;
  }
  return chain;
}

/** Whether waiting may help: a broker that cannot be reached, or that says itself that it is worth another try. */
export function isKafkaAway(error: unknown): boolean {
  return chainOf(error).some(
    ({ name, retriable }) => retriable === true || name === "KafkaJSNumberOfRetriesExceeded",
  );
}

/** Answers of the broker that are about the records themselves: the same bytes will be refused for ever. */
const RECORD_REFUSALS = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"]);

/** The broker's code where it refused a record in the batch; undefined for any other error. */
export function recordRefusal(error: unknown): string | undefined {
  return chainOf(error).find(({ type }) => type !== undefined && RECORD_REFUSALS.has(type))?.type;
}
