import type { CommonQueryMethods } from "slonik";
import type { HeartbeatSettings } from "../heartbeat/create-heartbeat.ts";
import { readBeats } from "../heartbeat/read-beats.ts";

interface HeartbeatFinding {
  readonly verdict: "fine" | "open";
  readonly subject: string;
  readonly detail: string;
}

/** Whether the heartbeat could beat, and when it last came through; nothing where there is none. */
export async function heartbeatFindings(
  db: CommonQueryMethods,
  settings: HeartbeatSettings | null,
): Promise<readonly HeartbeatFinding[]> {
  if (settings === null) return [];
  const subject = "heartbeat";
  const { isFurnished, beats } = await readBeats(db, settings);
  if (!isFurnished) {
    const { platformId, workerId } = settings;
    const detail = `platform ${platformId} with the task source event, or worker ${workerId} with a wallet, is not there`;
    return [{ verdict: "open", subject, detail }];
  }
  const last = beats.find(({ succeededAt }) => succeededAt)?.succeededAt;
  const detail = last ? `last came through at ${last.toISOString()}` : "none has come through yet";
  return [{ verdict: "fine", subject, detail }];
}
