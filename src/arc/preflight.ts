import { keccak256, type Hex } from "viem";
import artifact from "../../contracts/PayOnce.json" with { type: "json" };
import { PaymentError } from "../errors.ts";
import type { Tokens } from "../payment/tokens.ts";
import { NO_CONTRACT } from "../payment/method.ts";
import { formatMicros } from "../payment/money.ts";
import { isOperator } from "./instance-roles.ts";
import { OPERATOR_BALANCE_FLOOR, WEI_PER_MICRO } from "./operator-gas.ts";
import { hexOf, quantityOf } from "./read-answers.ts";
import type { Rpc, RpcAnswer } from "./rpc.ts";
import { decimals, isRevert, symbol } from "./token-calls.ts";

/** What must be true of the chain before a payment is sent through it. */
export interface Deployment {
  readonly chainId: number;
  /** `NO_CONTRACT` where payments are plain transfers. */
  readonly payOnce: string;
  /** Lower-case addresses that will send. */
  readonly operators: readonly string[];
  /** Of the currencies in use. */
  readonly tokens: Partial<Tokens>;
}

/** One line of `gigpay doctor`. Only `wrong` keeps the service from starting. */
export interface Finding {
  readonly verdict: "fine" | "low" | "wrong";
  readonly subject: string;
  readonly detail: string;
}

/** Every token amount in this service is in micro-units. */
const DECIMALS = 6;

/** PayOnce has no immutables, so the deployed code is the artifact's to the byte. */
const CODE_HASH = keccak256(artifact.deployedBytecode as Hex);

/** Looks at everything, whatever it finds. Throws only where the chain could not be asked (`PaymentError`, retry). */
export async function preflight(rpc: Rpc, deployment: Deployment): Promise<readonly Finding[]> {
  const chain = await chainFinding(rpc, deployment.chainId);
  if (chain.verdict === "wrong") return [chain];
  const instance =
    deployment.payOnce === NO_CONTRACT ? undefined : await instanceFinding(rpc, deployment.payOnce);
  const hasInstance = instance?.verdict === "fine";
  const operators = await Promise.all(
    deployment.operators.map((operator) =>
      operatorFindings(rpc, hasInstance ? deployment.payOnce : undefined, operator),
    ),
  );
  const tokens = await Promise.all(
    Object.entries(deployment.tokens).map(([currency, token]) =>
      tokenFinding(rpc, currency, token),
    ),
  );
  return [chain, ...(instance ? [instance] : []), ...operators.flat(), ...tokens];
}

/** For `serve`: throws `DEPLOYMENT_MISMATCH` (reject) that lists all that is wrong. */
export function assertDeployment(findings: readonly Finding[]): void {
  const wrong = findings.filter(({ verdict }) => verdict === "wrong");
  if (wrong.length === 0) return;
  const lines = wrong.map(({ subject, detail }) => `${subject}: ${detail}`);
  throw new PaymentError("DEPLOYMENT_MISMATCH", "reject", lines.join("; "));
}

async function chainFinding(rpc: Rpc, expected: number): Promise<Finding> {
  const [answer] = await rpc.ask([{ method: "eth_chainId", params: [] }]);
  const found = Number(quantityOf(answer));
  const subject = "chain";
  if (found === expected) return { verdict: "fine", subject, detail: `chain id ${found}` };
  const detail = `the node is of chain ${found}, ARC_CHAIN_ID says ${expected}`;
  return { verdict: "wrong", subject, detail };
}

async function instanceFinding(rpc: Rpc, payOnce: string): Promise<Finding> {
  const [answer] = await rpc.ask([{ method: "eth_getCode", params: [payOnce, "latest"] }]);
  const code = hexOf(answer);
  const subject = `PayOnce ${payOnce}`;
  if (code === "0x") return { verdict: "wrong", subject, detail: "no contract stands there" };
  if (keccak256(code) === CODE_HASH) return { verdict: "fine", subject, detail: "our code" };
  return { verdict: "wrong", subject, detail: "another contract's code stands there" };
}

async function operatorFindings(
  rpc: Rpc,
  payOnce: string | undefined,
  operator: string,
): Promise<readonly Finding[]> {
  const subject = `operator ${operator}`;
  const [balance] = await rpc.ask([{ method: "eth_getBalance", params: [operator, "latest"] }]);
  const wei = quantityOf(balance);
  const isLow = wei < OPERATOR_BALANCE_FLOOR;
  const gas: Finding = {
    verdict: isLow ? "low" : "fine",
    subject,
    detail: `has ${formatMicros(wei / WEI_PER_MICRO)} USDC for gas${isLow ? ": send it more" : ""}`,
  };
  if (payOnce === undefined) return [gas];
  const named = (await isOperator(rpc, payOnce, operator))
    ? ({ verdict: "fine", subject, detail: "is an operator" } as const)
    : ({ verdict: "wrong", subject, detail: "is not an operator: gigpay operators add" } as const);
  return [named, gas];
}

async function tokenFinding(rpc: Rpc, currency: string, token: string): Promise<Finding> {
  const reads = { decimals: decimals(token), symbol: symbol(token) };
  const [places, name] = await rpc.ask([reads.decimals.call, reads.symbol.call]);
  const subject = `${currency} ${token}`;
  if (isNoToken(places) || isNoToken(name)) {
    return { verdict: "wrong", subject, detail: "no token stands there" };
  }
  const found = { decimals: reads.decimals.valueIn(places), symbol: reads.symbol.valueIn(name) };
  const detail = `${found.symbol} with ${found.decimals} decimals`;
  const isRight = found.decimals === DECIMALS && found.symbol === currency;
  return { verdict: isRight ? "fine" : "wrong", subject, detail };
}

/** A call to an address without code succeeds with nothing; one to another contract reverts. */
function isNoToken(answer: RpcAnswer | undefined): boolean {
  return isRevert(answer) || hexOf(answer) === "0x";
}
