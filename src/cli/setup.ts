import { sendAdminCall, type AdminReceipt } from "../arc/admin.ts";
import { approveCall, deployCall, nameOperatorCall, type AdminCall } from "../arc/admin-calls.ts";
import { createFundsReader } from "../arc/funds.ts";
import { isOperator } from "../arc/instance-roles.ts";
import type { Rpc } from "../arc/rpc.ts";
import { localSigner, type Signer } from "../arc/signer.ts";
import { loadSetupConfig, type SetupConfig } from "../config.ts";
import { PaymentError } from "../errors.ts";
import { parseMicros } from "../payment/money.ts";
import { listPlatforms } from "../queries/list-platforms.ts";
import { COMMAND_TIMEOUT_MS, operatorAddresses, rpcOf } from "./chain-access.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, type Output } from "./output.ts";

/** One thing that setting up takes, done or left to whoever holds the key. */
interface Step {
  readonly what: string;
  readonly txHash: string | null;
  /** Null when nothing is left to do. */
  readonly call: AdminCall | null;
}

interface Setup {
  readonly config: SetupConfig;
  readonly rpc: Rpc;
  readonly admin: Signer | undefined;
  readonly payers: readonly Signer[];
}

/**
 * Deploys PayOnce where there is none, names the rail's operators, and approves allowances: with the keys that it has,
 * and by printing the calls for those that it has not. Safe to repeat: what is done already is left alone.
 */
export async function setupCommand(
  output: Output,
  options: { admin?: string; allowance: string },
): Promise<ExitCode> {
  const config = loadSetupConfig();
  if (config.PAYMENT_METHOD === "transfer") {
    const what =
      "nothing is to be deployed or approved: plain transfers go out from the platforms' own wallets of this Circle account";
    printSteps(output, undefined, [{ what, txHash: null, call: null }]);
    return EXIT.done;
  }
  const key = config.PAY_ONCE_ADMIN_PRIVATE_KEY;
  const setup: Setup = {
    config,
    rpc: rpcOf(config),
    admin: key === null ? undefined : localSigner(key),
    payers: (config.PAYER_PRIVATE_KEYS ?? []).map(localSigner),
  };
  const operators = await operatorAddresses(config.railSettings, config.ARC_CHAIN_ID);
  const deployed = await deployIfMissing(setup, operators, options.admin);
  if (deployed.payOnce === undefined) {
    printSteps(output, undefined, [deployed.step]);
    return EXIT.done;
  }
  const steps = [
    deployed.step,
    ...(await nameOperators(setup, deployed.payOnce, operators)),
    ...(await approveAllowances(setup, deployed.payOnce, options.allowance)),
  ];
  printSteps(output, deployed.payOnce, steps);
  return EXIT.done;
}

async function deployIfMissing(
  setup: Setup,
  operators: readonly string[],
  adminAddress: string | undefined,
): Promise<{ payOnce: string | undefined; step: Step }> {
  const existing = setup.config.PAY_ONCE_ADDRESS;
  if (existing !== null) {
    return {
      payOnce: existing,
      step: { what: `PayOnce is ${existing}`, txHash: null, call: null },
    };
  }
  const admin = adminAddress?.toLowerCase() ?? setup.admin?.address;
  if (admin === undefined) {
    throw new PaymentError(
      "OPERATION_REFUSED",
      "reject",
      "Who shall be PayOnce's admin? Give --admin 0x…, or PAY_ONCE_ADMIN_PRIVATE_KEY.",
    );
  }
  const call = deployCall({ admin, operators });
  const receipt = await sendIfKey(setup, setup.admin, call);
  const payOnce = receipt?.contractAddress ?? undefined;
  const what = payOnce ? `deployed PayOnce: PAY_ONCE_ADDRESS=${payOnce}` : "deploy PayOnce";
  return { payOnce, step: { what, txHash: receipt?.txHash ?? null, call: receipt ? null : call } };
}

async function nameOperators(
  setup: Setup,
  payOnce: string,
  operators: readonly string[],
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const operator of operators) {
    if (await isOperator(setup.rpc, payOnce, operator)) {
      steps.push({ what: `${operator} is an operator`, txHash: null, call: null });
      continue;
    }
    const call = nameOperatorCall(payOnce, operator);
    const receipt = await sendIfKey(setup, setup.admin, call);
    const what = `name operator ${operator}`;
    steps.push({ what, txHash: receipt?.txHash ?? null, call: receipt ? null : call });
  }
  return steps;
}

async function approveAllowances(
  setup: Setup,
  payOnce: string,
  allowance: string,
): Promise<Step[]> {
  const amount = parseMicros(allowance);
  if (amount === undefined || amount <= 0n) {
    throw new PaymentError(
      "OPERATION_REFUSED",
      "reject",
      `--allowance "${allowance}" is not an amount like 10000.`,
    );
  }
  const platforms = await withDatabase(listPlatforms);
  const wanted = platforms.flatMap(({ id, walletAddress: payer }) =>
    setup.config.PAYMENT_CURRENCIES.map((currency) => ({
      payer,
      token: setup.config.tokens[currency],
      name: `${id} in ${currency}`,
    })),
  );
  const funds = createFundsReader(setup.rpc, payOnce);
  const standing = await funds.read(wanted, AbortSignal.timeout(COMMAND_TIMEOUT_MS));
  const steps: Step[] = [];
  for (const [i, { payer, token, name }] of wanted.entries()) {
    if ((standing[i]?.allowance ?? 0n) > 0n) {
      steps.push({ what: `${name} has an allowance`, txHash: null, call: null });
      continue;
    }
    const call = approveCall(token, payOnce, amount);
    const signer = setup.payers.find(({ address }) => address === payer);
    const receipt = await sendIfKey(setup, signer, call);
    const what = `approve ${allowance} for ${name} from ${payer}`;
    steps.push({ what, txHash: receipt?.txHash ?? null, call: receipt ? null : call });
  }
  return steps;
}

async function sendIfKey(
  setup: Setup,
  signer: Signer | undefined,
  call: AdminCall,
): Promise<AdminReceipt | undefined> {
  if (!signer) return undefined;
  const deps = { rpc: setup.rpc, chainId: setup.config.ARC_CHAIN_ID };
  return sendAdminCall(deps, signer, call, AbortSignal.timeout(COMMAND_TIMEOUT_MS));
}

function printSteps(output: Output, payOnce: string | undefined, steps: readonly Step[]): void {
  printDocument(output, { payOnce: payOnce ?? null, steps }, () =>
    steps
      .map(({ what, txHash, call }) => {
        if (txHash) return `done     ${what} (${txHash})`;
        if (!call) return `ready    ${what}`;
        return `yours    ${what}: send from the ${call.signer}'s wallet\n         to   ${call.to ?? "(creates a contract)"}\n         data ${call.data}`;
      })
      .join("\n"),
  );
}
