import { vi } from "vitest";
import type { ApiClient } from "./api-client.ts";
import type { PlatformEvents } from "./platform-events.ts";

/** Sends a record that can be no payment, and answers the id of the dead letter that it becomes: the first there is. */
export async function becomeLetter(platforms: PlatformEvents, operator: ApiClient) {
  await platforms.send([{ key: "nobody", value: Buffer.from("garbage") }]);
  return vi.waitFor(
    async () => {
      const { body } = await operator.call("GET", "/v1/dead-letters");
      const [letter] = body["data"] as { id: string }[];
      if (!letter) throw new Error("there is no dead letter yet");
      return letter.id;
    },
    { timeout: 60_000, interval: 200 },
  );
}
