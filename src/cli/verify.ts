import { createChainReader } from "../arc/chain-reader.ts";
import { createSlotReader } from "../arc/read-slots.ts";
import { createTransferReader } from "../arc/transfer-reader.ts";
import { loadConfig } from "../config.ts";
import { instanceOf, lateAfterMsOf } from "../stage-deps.ts";
import type { Mismatch } from "../settlement/verification.ts";
import { verifyTransfers, type TransferMismatch } from "../settlement/verify-transfers.ts";
import { verifyLedger, type Verification } from "../settlement/verify.ts";
import { rpcOf } from "./chain-access.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, type Output } from "./output.ts";
import { verificationText } from "./verification-text.ts";

export interface VerifyCommandOptions {
  readonly fromBlock?: bigint;
  readonly toBlock?: bigint;
  readonly slots?: number | "all";
}

/** One statement may read the whole ledger. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** Compares the ledger with itself and with the chain, changing nothing. Exit 9 on any mismatch. */
export async function verifyCommand(
  output: Output,
  { fromBlock, toBlock, slots }: VerifyCommandOptions,
): Promise<ExitCode> {
  const config = loadConfig();
  const instance = instanceOf(config);
  const rpc = rpcOf(config);
  const { payOnce } = instance;
  const chain = {
    ...createChainReader({ rpc, payOnce, onStray: () => undefined }),
    ...createSlotReader(rpc, payOnce),
  };
  const options = {
    range: {
      ...(fromBlock !== undefined && { fromBlock }),
      ...(toBlock !== undefined && { toBlock }),
    },
    ...(slots !== undefined && { slots }),
    lateAfterMs: lateAfterMsOf(config),
  };
  const transfers = createTransferReader(rpc, Object.values(config.tokens));
  const verification = await withDatabase(
    async (pool) => {
      const ledger = await verifyLedger({ pool, instance, chain }, options);
      const found = (await verifyTransfers({ pool, transfers })).map(brokenTransfer);
      return { ...ledger, mismatches: [...ledger.mismatches, ...found] };
    },
    { statementTimeoutMs: STATEMENT_TIMEOUT_MS },
  );
  const document = documentOf(verification);
  printDocument(output, document, () => verificationText(document));
  return verification.mismatches.length === 0 ? EXIT.done : EXIT.mismatch;
}

function brokenTransfer(found: TransferMismatch): Mismatch {
  return { ...found, severity: "broken", blockNumber: null };
}

/** Block numbers as JSON has them. */
function documentOf({ blocksChecked, mismatches, ...rest }: Verification) {
  const blocks = blocksChecked && {
    from: Number(blocksChecked.fromBlock),
    to: Number(blocksChecked.toBlock),
  };
  return {
    ...rest,
    mismatches: mismatches.map(({ blockNumber, ...mismatch }) => ({
      ...mismatch,
      blockNumber: blockNumber === null ? null : Number(blockNumber),
    })),
    blocksChecked: blocks,
  };
}
