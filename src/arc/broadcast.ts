import type { Hex } from "viem";
import { PaymentError } from "../errors.ts";
import type { SendReport } from "../dispatch/rail.ts";
import { failpoint } from "../failpoint.ts";
import { classifySubmission, type Submission } from "./classify-submission.ts";
import type { Rpc } from "./rpc.ts";

/** How long until the same bytes go again. What needs a person waits longer: it is told about at each try. */
const AGAIN_MS = 1_000;
const AGAIN_WITHOUT_GAS_MS = 5_000;
const AGAIN_BLOCKED_MS = 30_000;

export interface Broadcast {
  readonly report: SendReport;
  /** A node has these bytes, or their nonce is used up. */
  readonly isTaken: boolean;
  /** The node will not take these bytes: the nonce needs higher fees. */
  readonly needsBump: boolean;
}

/**
 * Gives signed bytes to a node. Never throws, and never says that anything failed: an unanswered send may have arrived, and
 * a nonce that is used may have been used by these very bytes, so both are left to the follower, who reads the chain.
 */
export async function broadcast(
  rpc: Rpc,
  raw: Hex,
  txHash: Hex,
  signal: AbortSignal,
): Promise<Broadcast> {
  try {
    const asked = rpc.ask([{ method: "eth_sendRawTransaction", params: [raw] }], { signal });
    const [[answer]] = await Promise.all([asked, failpoint("submit.arc_bytes_left")]);
    if (answer && "error" in answer) {
      return understood(classifySubmission(answer.error), answer.error.message, txHash);
    }
    return understood("known", "", txHash);
  } catch (error) {
    if (!(error instanceof PaymentError)) return again("chain_unavailable", "broke off", AGAIN_MS);
    return error.context["isThrottled"] === true
      ? withoutDoubt(again("chain_throttled", error.message, AGAIN_MS))
      : again("chain_unavailable", error.message, AGAIN_MS);
  }
}

function understood(submission: Submission, detail: string, txHash: Hex): Broadcast {
  switch (submission) {
    case "known":
    case "nonceUsed":
      return { report: { kind: "accepted", txHash }, isTaken: true, needsBump: false };
    case "needsBump":
      return { ...again("underpriced", detail, AGAIN_MS), needsBump: true };
    case "noRoom":
      return withoutDoubt(again("node_pool_full", detail, AGAIN_MS));
    case "outOfGas":
      return withoutDoubt(again("operator_out_of_gas", detail, AGAIN_WITHOUT_GAS_MS));
    case "blocked":
      return withoutDoubt(again("operator_blocked", detail, AGAIN_BLOCKED_MS));
    case "unrecognised":
      return again("node_refused", detail, AGAIN_MS);
  }
}

type Again = Broadcast & { readonly report: Extract<SendReport, { kind: "retry" }> };

function again(code: string, detail: string, afterMs: number): Again {
  return { report: { kind: "retry", code, detail, afterMs }, isTaken: false, needsBump: false };
}

/** Answered and certainly not taken: a matter of capacity. */
function withoutDoubt(refusal: Again): Again {
  return { ...refusal, report: { ...refusal.report, capacity: true } };
}
