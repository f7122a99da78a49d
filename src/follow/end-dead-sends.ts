import type { Alarm } from "../payment/alarm.ts";
import type { ChainReader } from "./chain-reader.ts";
import type { OpenSend } from "./open-sends.ts";

/** A send that moved nothing, and never will: its nonce is used up. */
export interface DeadSend {
  readonly transactionId: string;
  readonly outcome: "reverted" | "dead";
  readonly code: "reverted" | "nonce_taken";
  readonly detail: string;
}

export interface DeadSendDeps {
  readonly reader: Pick<ChainReader, "nonceAt" | "receiptOf">;
  openSends(): Promise<readonly OpenSend[]>;
  onDeadSend(send: DeadSend): Promise<unknown>;
  raiseAlarm(alarm: Alarm): Promise<void>;
}

/** What earlier looks found: whose nonce was used then already, and of whom the alarm was raised. */
export interface Looks {
  readonly suspects: Set<string>;
  readonly alarmed: Set<string>;
}

/**
 * A reverted transaction leaves no log, so it is found by its nonce: one read per operator wallet, at a block whose logs
 * have been settled. A send that is still open though its nonce is used there has paid nobody, since a Paid would have
 * closed it; its receipts only say why. A node may count a nonce that was used only later (anvil does so while it mines
 * a block), so a send ends at the second look that finds it, when the logs of what was new at the first are settled.
 * Throws what the port throws: "could not ask" ends nothing.
 */
export async function endDeadSends(
  deps: DeadSendDeps,
  settledBlock: bigint,
  { suspects, alarmed }: Looks,
): Promise<void> {
  const byOperator = Map.groupBy(await deps.openSends(), ({ operator }) => operator);
  const found = new Set<string>();
  for (const [operator, sends] of byOperator) {
    const used = await deps.reader.nonceAt(operator, settledBlock);
    for (const send of sends.filter(({ nonce }) => nonce < used)) {
      found.add(send.transactionId);
      if (suspects.has(send.transactionId)) await endSend(deps, send, { settledBlock, alarmed });
    }
  }
  suspects.clear();
  for (const id of found) suspects.add(id);
}

async function endSend(
  deps: DeadSendDeps,
  send: OpenSend,
  { settledBlock, alarmed }: { settledBlock: bigint; alarmed: Set<string> },
): Promise<void> {
  const { transactionId, operator, nonce, hashes } = send;
  for (const hash of hashes) {
    const receipt = await deps.reader.receiptOf(hash);
    if (receipt?.outcome === "reverted") {
      const detail = `${hash} was mined and reverted`;
      await deps.onDeadSend({ transactionId, outcome: "reverted", code: "reverted", detail });
      return;
    }
    if (receipt && send.isFollowed) {
      // The same call under the same nonce and fees is the same transaction: it was mined as the send that had been
      // given up, just before this one was stored.
      const detail = `${hash} was mined before this send was stored`;
      await deps.onDeadSend({ transactionId, outcome: "dead", code: "nonce_taken", detail });
      return;
    }
    if (receipt) {
      // Mined in a block that is not settled yet: its logs are still to come.
      if (receipt.blockNumber > settledBlock || alarmed.has(transactionId)) return;
      alarmed.add(transactionId);
      const details = { transactionId, operator, nonce: nonce.toString(), txHash: hash };
      await deps.raiseAlarm({
        kind: "mined_without_logs",
        paymentId: null,
        generation: null,
        details,
      });
      return;
    }
  }
  const detail = `nonce ${nonce} of ${operator} went to another transaction`;
  await deps.onDeadSend({ transactionId, outcome: "dead", code: "nonce_taken", detail });
}
