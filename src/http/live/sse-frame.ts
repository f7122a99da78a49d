/** One block of an event stream; what is not given is left out. */
export interface Frame {
  /** Seen only by people who look at the stream. */
  readonly comment?: string;
  /** How long a client waits before it connects again. */
  readonly retryMs?: number;
  /** A block without data moves the client's last id and is no event. */
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/**
 * As the HTML standard has it, for EventSource and its kin. A line break within a field would begin another field: of data
 * each line becomes a field of its own, in the others there is none.
 */
export function frameOf({ comment, retryMs, id, event, data }: Frame): Buffer {
  const lines = [
    ...(comment === undefined ? [] : [`: ${oneLine(comment)}`]),
    ...(retryMs === undefined ? [] : [`retry: ${retryMs}`]),
    ...(id === undefined ? [] : [`id: ${oneLine(id)}`]),
    ...(event === undefined ? [] : [`event: ${oneLine(event)}`]),
    ...(data === undefined ? [] : data.split(LINE_BREAK).map((line) => `data: ${line}`)),
  ];
  return Buffer.from(`${lines.join("\n")}\n\n`);
}

const LINE_BREAK = /\r\n|\r|\n/;

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, " ");
}
