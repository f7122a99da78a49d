import { vi } from "vitest";
import { main } from "../../src/cli/gigpay.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `gigpay` in this process, with these settings and no others: processes of its own would take longer to start than to do what they do. */
export async function gigpayHere(
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Ran> {
  const before = process.env;
  process.env = { PATH: before["PATH"], ...settings };
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  try {
    return { code: await main(["node", "gigpay", ...words]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.env = before;
  }
}
