import type { NodeError } from "./rpc-trouble.ts";

/**
 * What a node's refusal of signed bytes means. Nothing here says that money did not move; it says what to do next.
 * - `known`: the node has it already;
 * - `nonceUsed`: something with this nonce was mined, perhaps this: look, do not decide;
 * - `needsBump`: these very bytes will not be taken, the same nonce with higher fees will;
 * - `noRoom`: the node's pool is full, for everybody or for this sender: capacity;
 * - `outOfGas`: the operator's balance does not cover the declared gas: capacity, not failure;
 * - `blocked`: the chain or the node refuses the operator as a sender: for a human;
 * - `unrecognised`: the same bytes again, later.
 */
export type Submission =
  | "known"
  | "nonceUsed"
  | "needsBump"
  | "noRoom"
  | "outOfGas"
  | "blocked"
  | "unrecognised";

/**
 * By words, because codes settle nothing here: "nonce too low" alone travels as -32000, -32003, -32010 and -32603, depending
 * on node and proxy, and each of these codes also means something else. The first match counts.
 */
const WORDS: readonly (readonly [Submission, RegExp])[] = [
  [
    "known",
    /already known|already imported|\bknown transaction|already exists|AlreadyKnown|in mempool/i,
  ],
  ["blocked", /blocked address|denylisted|blocklisted|sender is blacklisted/i],
  [
    "nonceUsed",
    /nonce (is )?too low|nonce.{0,40}already (been )?used|old nonce|invalid nonce.{0,20}expected/i,
  ],
  [
    "needsBump",
    /underpriced|fee too low|less than block base fee|below .*base fee|invalid tx list|(tip|gas price).{0,20}too low/i,
  ],
  [
    "noRoom",
    /(tx ?pool|mempool|transaction pool).{0,20}(full|overflow|limit)|too many (pending|queued)|pool size|(account|sender).{0,30}(slots|limit|capacity)/i,
  ],
  [
    "outOfGas",
    /insufficient (funds|balance)|OutOfFunds|gas required exceeds allowance|cost.*exceeds.*balance|lack of funds/i,
  ],
];

/** See `Submission`. */
export function classifySubmission(error: NodeError): Submission {
  return WORDS.find(([, words]) => words.test(error.message))?.[0] ?? "unrecognised";
}
