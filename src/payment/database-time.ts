/** The database's clock, read: `now` is its answer to what was asked at `askedAtMs`, as `performance.now()` tells it. */
export interface ClockReading {
  readonly now: Date;
  readonly askedAtMs: number;
}

/** A moment of this process, told by the database's clock: however wrong the machine's own is, it does not come in. */
export function databaseTime({ now, askedAtMs }: ClockReading, atMs: number): Date {
  return new Date(now.getTime() - Math.max(0, askedAtMs - atMs));
}
