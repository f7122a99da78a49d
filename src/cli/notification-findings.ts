import { listSubscriptions } from "../circle/list-subscriptions.ts";
import type { Config } from "../config.ts";
import { circleClientOf, COMMAND_TIMEOUT_MS } from "./chain-access.ts";

interface NotificationFinding {
  readonly verdict: "fine" | "open";
  readonly subject: string;
  readonly detail: string;
}

const PATH = "/v1/webhooks/circle";

/** Whether Circle notifies this service of its transactions; nothing where it does not pay through Circle. */
export async function notificationFindings(
  config: Config,
): Promise<readonly NotificationFinding[]> {
  const rail = config.railSettings;
  if (rail.rail !== "circle") return [];
  const subject = "Circle's notifications";
  const signal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  const endpoints = await listSubscriptions(circleClientOf(rail), signal);
  // Without an address of its own the service cannot tell its subscription from another's.
  const found = endpoints.find((url) =>
    config.PUBLIC_URL === null ? url.endsWith(PATH) : url === config.PUBLIC_URL + PATH,
  );
  if (found !== undefined) return [{ verdict: "fine", subject, detail: `go to ${found}` }];
  const detail = `none come to ${config.PUBLIC_URL ?? "…"}${PATH}: Circle is asked once a second instead (docs/api.md, Circle's notifications)`;
  return [{ verdict: "open", subject, detail }];
}
