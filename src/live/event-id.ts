/** A place in the events of one epoch: whoever has it has seen all up to this number. */
export interface EventId {
  readonly epoch: string;
  readonly number: bigint;
}

const EVENT_ID = /^([0-9a-f]{8})-(0|[1-9]\d{0,17})$/;

/** `1f0c22ab-42`: the number alone would name another event after a restored backup. */
export function formatEventId({ epoch, number }: EventId): string {
  return `${epoch}-${number}`;
}

/** Undefined: never one of ours. */
export function parseEventId(text: string): EventId | undefined {
  const [, epoch, number] = EVENT_ID.exec(text) ?? [];
  if (epoch === undefined || number === undefined) return undefined;
  return { epoch, number: BigInt(number) };
}
