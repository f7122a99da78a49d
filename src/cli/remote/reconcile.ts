import { setTimeout as delay } from "node:timers/promises";
import type { ReconciliationDetail } from "../../client/api.ts";
import type { Client } from "../../client/create-client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange, type OperatorOptions } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { verificationText } from "../verification-text.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface ReconcileOptions extends ServiceOptions, OperatorOptions {
  readonly fromBlock?: number;
  readonly toBlock?: number;
  readonly slots?: number;
  readonly wait: number;
}

const POLL_MS = 500;

/** Has the service verify its ledger. Exit 9 on any mismatch, 4 where it could not look, 8 while it runs. */
export async function reconcileCommand(
  output: Output,
  options: ReconcileOptions,
): Promise<ExitCode> {
  const { reason, fromBlock, toBlock, slots, wait } = options;
  await confirmChange(options, "Verify the whole ledger");
  return withClient(output, options, async (client) => {
    const body = { reason, fromBlock, toBlock, slots };
    const begun = await client.call("createReconciliation", { body });
    const found = await untilDone(client, begun.body, Date.now() + wait * 1_000);
    printDocument(output, found, () => textOf(found));
    switch (found.status) {
      case "running":
        return EXIT.inDoubt;
      case "failed":
        return EXIT.unreachable;
      case "done":
        return found.mismatchCount === 0 ? EXIT.done : EXIT.mismatch;
    }
  });
}

async function untilDone(
  client: Client,
  begun: ReconciliationDetail,
  deadlineMs: number,
): Promise<ReconciliationDetail> {
  let current = begun;
  while (current.status === "running" && Date.now() < deadlineMs) {
    await delay(POLL_MS);
    current = (await client.call("getReconciliation", { path: { id: begun.id } })).body;
  }
  return current;
}

function textOf({ id, status, error, report }: ReconciliationDetail): string {
  if (report) return verificationText(report);
  return `reconciliation ${id} ${status === "running" ? "still runs" : `failed: ${error}`}`;
}
