/**
 * Places between two steps that could come apart: where a fault test kills, freezes or fails the real service. Nothing
 * of the service arms them, no setting does, and unarmed they cost one look at a variable. `X.before_commit` is the last
 * thing inside a transaction.
 */
export const FAILPOINTS = [
  "deployment.before_bind",
  "deployment.bound",
  "migrate.before_commit",
  "migrate.committed",
  "lease.taken",
  "lease.lost",
  "cursor.before_first",
  "cursor.first_stored",
  "cursor.before_idle_move",
  "offsets.before_check",
  "offsets.before_commit",
  "offsets.committed",
  "accept.before",
  "accept.before_commit",
  "accept.committed",
  "records.durable",
  "recheck.before_commit",
  "recheck.committed",
  "replay.before_commit",
  "replay.committed",
  "retry.before_commit",
  "retry.committed",
  "void.before_commit",
  "void.committed",
  "pause.before_commit",
  "pause.committed",
  "send.before",
  "send.before_commit",
  "send.committed",
  "submit.before",
  "submit.arc_bytes_left",
  "submit.circle_bytes_left",
  "submit.answered",
  "answer.stored",
  "ticket.before_renew_commit",
  "ticket.renewed",
  "ticket.before_store",
  "ticket.stored",
  "tend.reported",
  "release.before",
  "release.before_commit",
  "release.committed",
  "doubt.before_commit",
  "doubt.committed",
  "settle.before",
  "settle.before_commit",
  "settle.committed",
  "settle.announced",
  "transfer.permitted",
  "transfer.post_noted",
  "transfer.end_recorded",
  "transfer.before_settle",
  "transfer.before_commit",
  "transfer.settled",
  "relay.read",
  "relay.bytes_left",
  "relay.produced",
  "relay.marked",
  "webhooks.read",
  "webhooks.fanned_out",
  "webhooks.claimed",
  "webhooks.answered",
  "webhooks.recorded",
  "live.before_commit",
  "live.numbered",
  "shutdown.drained",
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** What happens at a place; it may wait, throw, or end the process. */
export type FailpointHook = (name: Failpoint) => Promise<void> | void;

let armed: FailpointHook | undefined;

/** Marks a place. Await it, or a step behind it comes first. */
export function failpoint(name: Failpoint): Promise<void> | void {
  return armed?.(name);
}

/** For tests only: from now on every place calls the hook; undefined disarms. */
export function armFailpoints(hook: FailpointHook | undefined): void {
  armed = hook;
}
