/** Longer than anything here takes on a busy machine; what has not come by then does not come. */
const PATIENCE_MS = 45_000;

/** What comes in one by one, and a way to wait for enough of it. */
export interface Arrivals<T> {
  readonly items: readonly T[];
  push(item: T): void;
  /** Hears everything that comes from now on. */
  onPush(hear: (item: T) => void): void;
  /** Resolves with the first item that fits, come already or still to come. */
  next(what: string, fits: (item: T) => boolean): Promise<T>;
  /** Resolves once `isEnough` says so of all that has come. */
  until(what: string, isEnough: (items: readonly T[]) => boolean): Promise<void>;
}

export function collectArrivals<T>(): Arrivals<T> {
  const items: T[] = [];
  const listeners = new Set<() => void>();
  const hearers = new Set<(item: T) => void>();

  const until = (what: string, isEnough: (items: readonly T[]) => boolean): Promise<void> => {
    if (isEnough(items)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = () => {
        if (isEnough(items)) settle(resolve);
      };
      const giveUp = () => {
        const last = items.slice(-10).map(show).join("\n  ");
        settle(() =>
          reject(new Error(`${what}: not in time. The last of ${items.length}:\n  ${last}`)),
        );
      };
      const timer = setTimeout(giveUp, PATIENCE_MS);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        listeners.delete(look);
        end();
      };
      listeners.add(look);
    });
  };

  return {
    items,
    until,
    push(item) {
      items.push(item);
      for (const hear of hearers) hear(item);
      for (const look of listeners) look();
    },
    onPush: (hear) => void hearers.add(hear),
    async next(what, fits) {
      await until(what, (all) => all.some(fits));
      return items.find(fits) as T;
    },
  };
}

function show(item: unknown): string {
  return JSON.stringify(item, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}
