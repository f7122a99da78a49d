import { z } from "zod";

const TIMEOUT_MS = 10_000;
const created = z.object({ data: z.object({ id: z.string() }) });

export interface CircleAccount {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Has Circle notify this address of the account's transactions, until disposed. */
export async function subscribe(
  { baseUrl, apiKey }: CircleAccount,
  endpoint: string,
): Promise<AsyncDisposable> {
  const ask = async (method: string, path: string, body?: object): Promise<string> => {
    const response = await fetch(`${baseUrl}/v2/notifications/subscriptions${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`subscriptions: ${response.status} ${text}`);
    return text;
  };
  const { data } = created.parse(JSON.parse(await ask("POST", "", { endpoint })));
  return {
    async [Symbol.asyncDispose]() {
      await ask("DELETE", `/${data.id}`);
    },
  };
}
