/** What the generator promised the world, task by task: the first of the auditor's three sources. */
export interface PublishedTask {
  readonly eventId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  /** Where the money must arrive, lower-case. */
  readonly wallet: string;
  /** Where it must come from, lower-case. */
  readonly payer: string;
  readonly currency: "USDC" | "EURC";
  readonly amount: bigint;
  /** Amount less the fee, as the platform's contract with us says; unique per worker, so a transfer names its task. */
  readonly netAmount: bigint;
  readonly occurredAtMs: number;
  readonly expected: "completed" | "failed";
}

export interface Ledger {
  readonly tasks: ReadonlyMap<string, PublishedTask>;
  record(task: PublishedTask): void;
}

/** Keyed by platform and task. */
export function taskKey(task: { platformId: string; taskId: string }): string {
  return `${task.platformId}/${task.taskId}`;
}

export function createLedger(onRecorded: (task: PublishedTask) => void = () => undefined): Ledger {
  const tasks = new Map<string, PublishedTask>();
  return {
    tasks,
    record(task) {
      tasks.set(taskKey(task), task);
      onRecorded(task);
    },
  };
}
