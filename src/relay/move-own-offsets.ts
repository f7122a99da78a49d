import { sql } from "slonik";

/** Records of ours in a topic of ours: from an offset to the one before `to`. */
export interface OwnRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Notes up to where this database knows its own topics, so that it can tell what it has forgotten. Only where the mark
 * stands at the records' beginning: what another relay published in between is read first, by the watch for a restored
 * backup. A move that is never made only costs that reading.
 */
export function moveOwnOffsets(ranges: readonly OwnRange[]): ReturnType<typeof sql.fragment> {
  const joined = joinRanges(ranges);
  const column = (type: string, of: (range: OwnRange) => string | number | bigint) =>
    sql.array(joined.map(of), type);
  return sql.fragment`
    UPDATE own_offsets o SET next_offset = r.next
    FROM unnest(
      ${column("text", ({ topic }) => topic)}, ${column("int4", ({ partition }) => partition)},
      ${column("int8", ({ from }) => from)}, ${column("int8", ({ to }) => to)}
    ) AS r (topic, partition, first, next)
    WHERE o.topic = r.topic AND o.partition = r.partition AND o.next_offset = r.first`;
}

/** One range per partition: as far as it goes on without a gap. */
function joinRanges(ranges: readonly OwnRange[]): OwnRange[] {
  const joined = new Map<string, OwnRange>();
  for (const range of ranges) {
    const key = `${range.topic}/${range.partition}`;
    const before = joined.get(key);
    if (!before) joined.set(key, range);
    else if (before.to === range.from) joined.set(key, { ...before, to: range.to });
  }
  return [...joined.values()];
}
