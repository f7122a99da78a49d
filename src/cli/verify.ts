import { createChainReader } from "../arc/chain-reader.ts";
import { createTransferReader } from "../arc/transfer-reader.ts";
import { loadConfig } from "../config.ts";
import { instanceOf } from "../stage-deps.ts";
import { verifyLedger, type Verification } from "../settlement/verify.ts";
import { verifyTransfers } from "../settlement/verify-transfers.ts";
import { rpcOf } from "./chain-access.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, type Output } from "./output.ts";

/** Compares the ledger with itself and with the chain, changing nothing. Exit 9 on any mismatch. */
export async function verifyCommand(output: Output): Promise<ExitCode> {
  const config = loadConfig();
  const instance = instanceOf(config);
  const chain = createChainReader({
    rpc: rpcOf(config),
    payOnce: instance.payOnce,
    onStray: () => undefined,
  });
  const transfers = createTransferReader(rpcOf(config), Object.values(config.tokens));
  const verification = await withDatabase(async (pool) => {
    const ledger = await verifyLedger({ pool, instance, chain });
    const found = await verifyTransfers({ pool, transfers });
    return { ...ledger, mismatches: [...ledger.mismatches, ...found] };
  });
  printDocument(output, documentOf(verification), () => textOf(verification));
  return verification.mismatches.length === 0 ? EXIT.done : EXIT.mismatch;
}

/** Block numbers as JSON has them. */
function documentOf({ blocksChecked, ...rest }: Verification) {
  const blocks = blocksChecked && {
    from: Number(blocksChecked.fromBlock),
    to: Number(blocksChecked.toBlock),
  };
  return { ...rest, blocksChecked: blocks };
}

function textOf({ mismatches, isCut, paymentsChecked, blocksChecked }: Verification): string {
  const blocks = blocksChecked
    ? `blocks ${blocksChecked.fromBlock}–${blocksChecked.toBlock}`
    : "no block yet";
  const lines = mismatches.map(
    ({ kind, paymentId, detail }) => `${kind.padEnd(28)} ${paymentId ?? ""} ${detail}`,
  );
  if (isCut) lines.push("… and more of these kinds");
  lines.push(`${paymentsChecked} payments, ${blocks}: ${mismatches.length} mismatches`);
  return lines.join("\n");
}
