import type { CircleClient } from "./client.ts";
import { translateReadError } from "./translate-error.ts";

/** The addresses that Circle notifies of this account's transactions. Throws as `translateReadError` says. */
export async function listSubscriptions(
  client: CircleClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const { data } = await client.call((sdk) => sdk.listSubscriptions(), signal);
    return (data ?? []).filter(({ enabled }) => enabled).map(({ endpoint }) => endpoint);
  } catch (error) {
    throw translateReadError(error);
  }
}
