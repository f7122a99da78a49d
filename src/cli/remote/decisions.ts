import type { Check, Payment, Resolution } from "../../client/api.ts";
import type { Client } from "../../client/create-client.ts";
import type { ExitCode } from "../exit.ts";
import { confirmChange, usage, type OperatorOptions } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { exitCodeOfState, paymentText } from "./payment-text.ts";
import { checkText } from "./problem-text.ts";
import type { ServiceOptions } from "./service-options.ts";
import { untilEnded } from "./until-ended.ts";
import { withClient } from "./with-client.ts";

export type Decision = Resolution["decision"];

export interface DecisionOptions extends ServiceOptions, OperatorOptions {
  readonly expectedGeneration: number;
  readonly wait: number;
}

export interface ResolveOptions extends DecisionOptions {
  readonly decision: Decision;
  readonly tx?: string;
}

/** Opens the next generation of a failed payment. The exit code is the payment's: 8 while it is on its way. */
export async function retryCommand(
  output: Output,
  id: string,
  options: DecisionOptions,
): Promise<ExitCode> {
  const { expectedGeneration, reason, wait } = options;
  await confirmChange(options, `Pay ${id} in generation ${expectedGeneration + 1}`);
  return withClient(output, options, async (client) => {
    const body = { expectedGeneration, reason };
    const answer = await client.call("retryPayment", { path: { id }, body });
    const payment = await untilEnded(client, answer.body, { waitSeconds: wait });
    printDocument(output, payment, () => paymentText(payment));
    return exitCodeOfState(payment.state);
  });
}

/** The exit code is the payment's: 8 while it is in doubt. Exit 5 where the evidence does not bear the decision out. */
export async function resolveCommand(
  output: Output,
  id: string,
  options: ResolveOptions,
): Promise<ExitCode> {
  const { expectedGeneration, reason, decision, wait } = options;
  const decided = decidedOf(options);
  await confirmChange(options, `${CONSEQUENCES[decision]} (${id})`);
  return withClient(output, options, async (client) => {
    const { body } = await client.call("resolvePayment", {
      path: { id },
      body: { expectedGeneration, reason, ...decided },
    });
    for (const check of body.checks) process.stderr.write(`${checkText(check)}\n`);
    return printResolved(client, output, body, wait);
  });
}

async function printResolved(
  client: Client,
  output: Output,
  { payment, checks }: { readonly payment: Payment; readonly checks: readonly Check[] },
  waitSeconds: number,
): Promise<ExitCode> {
  const now = await untilEnded(client, payment, { waitSeconds });
  printDocument(output, { payment: now, checks }, () => paymentText(now));
  return exitCodeOfState(now.state);
}

const CONSEQUENCES: Readonly<Record<Decision, string>> = {
  recheck: "Look again and send again what is in doubt",
  cancel: "Close this payment on chain, so that it fails unless it was paid first",
  confirm_paid: "Complete this payment if the chain proves that the transaction paid it",
};

const TX_HASH = /^0x[0-9a-f]{64}$/i;

function decidedOf({ decision, tx }: ResolveOptions) {
  if (decision !== "confirm_paid") {
    if (tx === undefined) return { decision };
    throw usage("--tx belongs to --decision confirm-paid.");
  }
  if (tx !== undefined && TX_HASH.test(tx)) return { decision, txHash: tx };
  throw usage("--decision confirm-paid needs --tx, the hash of the transaction that paid.");
}
