import { audit, type Verdict } from "../../sandbox/audit/audit.ts";
import { readLedger } from "../provider/ledger.ts";
import { LEDGER_TOKEN, type ContestWorld } from "./world.ts";

const CATCH_UP_MS = 30_000;

/** The auditor's word: the platforms' ledger against the provider's and Kafka. */
export async function auditContest({ ledger, ledgerPath, events }: ContestWorld): Promise<Verdict> {
  await events.catchUp(CATCH_UP_MS);
  const transfers = readLedger(ledgerPath).map(({ id, payer, recipient, amount }, logIndex) => {
    return { token: LEDGER_TOKEN, from: payer, to: recipient, amount, txHash: id, logIndex };
  });
  return audit({
    tasks: ledger.tasks,
    transfers,
    outcomes: events.outcomes,
    deadLetters: events.deadLetters,
    tokens: { USDC: LEDGER_TOKEN, EURC: "" },
  });
}
