import { sendAdminCall } from "../arc/admin.ts";
import { nameOperatorCall, revokeOperatorCall, type AdminCall } from "../arc/admin-calls.ts";
import { listOperators, readAdmin } from "../arc/instance-roles.ts";
import { localSigner } from "../arc/signer.ts";
import { loadSetupConfig, type SetupConfig } from "../config.ts";
import { PaymentError } from "../errors.ts";
import { COMMAND_TIMEOUT_MS, rpcOf } from "./chain-access.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { confirmChange } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";

/** Lists who may pay, or names or revokes one; without the admin's key it prints the call for the admin's wallet. */
export async function operatorsCommand(
  output: Output,
  action: "list" | "add" | "revoke",
  { operator, yes }: { readonly operator: string | undefined; readonly yes: boolean },
): Promise<ExitCode> {
  const config = loadSetupConfig();
  const payOnce = config.PAY_ONCE_ADDRESS;
  if (payOnce === null) {
    const message = "PAY_ONCE_ADDRESS is missing: run gigpay setup first.";
    throw new PaymentError("CONFIG_INVALID", "reject", message);
  }
  if (action === "list") return list(output, config, payOnce);
  if (operator === undefined || !/^0x[0-9a-fA-F]{40}$/.test(operator)) {
    const message = `Give the operator's address: gigpay operators ${action} 0x…`;
    throw new PaymentError("OPERATION_REFUSED", "reject", message);
  }
  if (config.PAY_ONCE_ADMIN_PRIVATE_KEY !== null) {
    await confirmChange({ yes }, `${action === "add" ? "Name" : "Revoke"} operator ${operator}`);
  }
  const makeCall = action === "add" ? nameOperatorCall : revokeOperatorCall;
  return send(output, config, makeCall(payOnce, operator.toLowerCase()));
}

async function list(output: Output, config: SetupConfig, payOnce: string): Promise<ExitCode> {
  const rpc = rpcOf(config);
  const [admin, operators] = [await readAdmin(rpc, payOnce), await listOperators(rpc, payOnce)];
  const text = () => [`PayOnce ${payOnce}`, `admin   ${admin}`, ...operators].join("\n");
  printDocument(output, { payOnce, admin, operators }, text);
  return EXIT.done;
}

async function send(output: Output, config: SetupConfig, call: AdminCall): Promise<ExitCode> {
  const key = config.PAY_ONCE_ADMIN_PRIVATE_KEY;
  if (key === null) {
    const text = () =>
      `No PAY_ONCE_ADMIN_PRIVATE_KEY here. Send this from the admin's wallet:\nto   ${call.to ?? ""}\ndata ${call.data}`;
    printDocument(output, { sent: false, call }, text);
    return EXIT.done;
  }
  const deps = { rpc: rpcOf(config), chainId: config.ARC_CHAIN_ID };
  const signal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  const { txHash } = await sendAdminCall(deps, localSigner(key), call, signal);
  printDocument(output, { sent: true, txHash }, () => `done in ${txHash}`);
  return EXIT.done;
}
