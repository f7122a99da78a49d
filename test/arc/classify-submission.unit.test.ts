import { describe, expect, test } from "vitest";
import { classifySubmission, type Submission } from "../../src/arc/classify-submission.ts";

/** As nodes and proxies word and number them: reth, geth, anvil, nethermind, erigon, Arc's own, and relays of these. */
const REFUSALS: readonly (readonly [Submission, number, string])[] = [
  ["known", -32000, "already known"],
  ["known", -32003, "transaction already imported"],
  ["known", -32603, "ALREADY_EXISTS: already known"],
  ["known", -32010, "AlreadyKnown"],
  ["known", -32000, "known transaction: 0xab"],
  ["nonceUsed", -32000, "nonce too low"],
  ["nonceUsed", -32003, "nonce too low"],
  ["nonceUsed", -32603, "Internal error: nonce too low: next nonce 5, tx nonce 3"],
  ["nonceUsed", -32603, "transaction nonce is too low"],
  ["nonceUsed", -32010, "OldNonce, Current nonce: 4, nonce of rejected tx: 3. old nonce"],
  ["needsBump", -32000, "replacement transaction underpriced"],
  ["needsBump", -32003, "transaction underpriced"],
  ["needsBump", -32000, "max fee per gas less than block base fee: address 0x, maxFeePerGas: 1"],
  ["needsBump", -32003, "Transaction in invalid tx list"],
  ["needsBump", -32000, "transaction gas price too low"],
  ["noRoom", -32000, "txpool is full"],
  ["noRoom", -32000, "too many pending transactions for the sender"],
  ["outOfGas", -32003, "insufficient funds for gas * price + value: balance 0, tx cost 1"],
  ["outOfGas", -32000, "gas required exceeds allowance (0)"],
  ["outOfGas", -32003, "EVM error: OutOfFunds"],
  ["outOfGas", -32003, "Insufficient funds for gas * price + value"],
  ["blocked", -32000, "Blocked address"],
  ["blocked", -32003, "Address 0x1234 is denylisted"],
  ["unrecognised", -32000, "unknown transaction type"],
  ["unrecognised", -32003, "transaction rejected"],
  ["unrecognised", -32603, "internal error"],
  ["unrecognised", -32602, "Failed to decode transaction"],
  ["unrecognised", 0, ""],
];

describe("a node's refusal of signed bytes", () => {
  test.for(REFUSALS)("%s: %i %s", ([expected, code, message]) => {
    expect(classifySubmission({ code, message })).toBe(expected);
  });
});
