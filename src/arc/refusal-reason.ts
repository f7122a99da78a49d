import { decodeErrorResult, parseAbi, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { RefusalReason } from "../payment/pay-once-log.ts";

/** PayOnce's own errors, Solidity's two, and those of an ERC-20 that speaks ERC-6093. */
const KNOWN_ERRORS = [
  ...payOnceAbi.filter((item) => item.type === "error"),
  ...parseAbi([
    "error Error(string message)",
    "error Panic(uint256 code)",
    "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
    "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
    "error ERC20InvalidReceiver(address receiver)",
    "error ERC20InvalidSender(address sender)",
  ]),
];

const CUT_STRING = /^0x08c379a0(?:[0-9a-f]{64}){2}([0-9a-f]*)$/;

/** What a token answered when it refused: a revert string as it is, a known error by its name, anything else in hex. */
export function refusalReason(reason: Hex): RefusalReason {
  const raw = reason.toLowerCase();
  return { raw, text: textOf(reason) ?? raw };
}

function textOf(reason: Hex): string | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: KNOWN_ERRORS, data: reason });
    if (errorName === "Error") return args[0];
    return `${errorName}(${args.map(String).join(", ")})`;
  } catch {
    // Not known, or a string that PayOnce's cap of 256 bytes cut short.
    const cut = CUT_STRING.exec(reason.toLowerCase())?.[1];
    return cut === undefined ? undefined : Buffer.from(cut, "hex").toString("utf8");
  }
}
