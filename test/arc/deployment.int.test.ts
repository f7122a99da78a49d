import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { startChain, type Chain } from "../../sandbox/chain/start-chain.ts";
import {
  approveCall,
  deployCall,
  nameOperatorCall,
  revokeOperatorCall,
  type AdminCall,
} from "../../src/arc/admin-calls.ts";
import { sendAdminCall } from "../../src/arc/admin.ts";
import { createFundsReader } from "../../src/arc/funds.ts";
import { isOperator, listOperators, readAdmin } from "../../src/arc/instance-roles.ts";
import { assertDeployment, preflight, type Deployment } from "../../src/arc/preflight.ts";
import { createRpc, type Rpc } from "../../src/arc/rpc.ts";
import { localSigner, type Signer } from "../../src/arc/signer.ts";
import { SIGNAL } from "./arc-world.ts";
import { startFakeNode } from "./fake-node.ts";

let chain: Chain;
let rpc: Rpc;
let admin: Signer;
let payOnce: string;
const newAddress = () => privateKeyToAccount(generatePrivateKey()).address.toLowerCase();
const operators = [newAddress(), newAddress()] as const;

const send = (call: AdminCall, signer = admin) =>
  sendAdminCall({ rpc, chainId: chain.chainId }, signer, call, SIGNAL);

beforeAll(async () => {
  chain = await startChain({ blockTimeMs: null });
  rpc = createRpc({ urls: [chain.rpcUrl] });
  admin = localSigner(chain.admin.privateKey);
  const receipt = await send(deployCall({ admin: admin.address, operators: [operators[0]] }));
  payOnce = receipt.contractAddress ?? "";
});
afterAll(() => chain.stop());

describe("setting a deployment up", () => {
  test("deploys the instance, names and revokes operators, and lists who is one now", async () => {
    expect(await readAdmin(rpc, payOnce)).toBe(admin.address);
    expect(await listOperators(rpc, payOnce)).toEqual([operators[0]]);
    await send(nameOperatorCall(payOnce, operators[1]));
    expect(await isOperator(rpc, payOnce, operators[1])).toBe(true);
    expect(new Set(await listOperators(rpc, payOnce))).toEqual(new Set(operators));
    await send(revokeOperatorCall(payOnce, operators[1]));
    expect(await isOperator(rpc, payOnce, operators[1])).toBe(false);
    expect(await listOperators(rpc, payOnce)).toEqual([operators[0]]);
  });

  test("what would revert is not sent, and says why", async () => {
    const stranger = localSigner(generatePrivateKey());
    await chain.fund(stranger.address as `0x${string}`, { native: 10n ** 18n });
    await expect(send(nameOperatorCall(payOnce, operators[1]), stranger)).rejects.toMatchObject({
      code: "CHAIN_REJECTED",
      disposition: "reject",
    });
    expect(await isOperator(rpc, payOnce, operators[1])).toBe(false);
  });
});

describe("funds", () => {
  test("are what the instance may move: balance, allowance and blocklist of each payer and token, in order", async () => {
    const keys = [generatePrivateKey(), generatePrivateKey()];
    const [rich, blocked] = keys.map(localSigner) as [Signer, Signer];
    for (const { address } of [rich, blocked]) {
      await chain.fund(address as `0x${string}`, { usdc: 7_000_000n, native: 10n ** 18n });
    }
    await send(approveCall(chain.tokens.USDC, payOnce, 5_000_000n), rich);
    await chain.setBlacklisted("USDC", blocked.address as `0x${string}`, true);
    const { USDC, EURC } = chain.tokens;
    const pairs = [
      { payer: rich.address, token: USDC },
      { payer: blocked.address, token: USDC },
      { payer: rich.address, token: EURC },
      // More than one request's worth.
      ...Array.from({ length: 70 }, () => ({ payer: newAddress(), token: USDC })),
      { payer: rich.address, token: USDC },
    ];
    const funds = await createFundsReader(rpc, payOnce).read(pairs, SIGNAL);
    const full = { balance: 7_000_000n, allowance: 5_000_000n, blocked: false };
    expect(funds.slice(0, 3)).toEqual([
      full,
      { balance: 7_000_000n, allowance: 0n, blocked: true },
      { balance: 0n, allowance: 0n, blocked: false },
    ]);
    expect(funds).toHaveLength(pairs.length);
    expect(funds.at(-1)).toEqual(full);
  });

  test("of a token that is none are a retry, never zero", async () => {
    const read = createFundsReader(rpc, payOnce).read(
      [{ payer: admin.address, token: newAddress() }],
      SIGNAL,
    );
    await expect(read).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE", disposition: "retry" });
  });
});

describe("preflight", () => {
  const deployment = (changed: Partial<Deployment> = {}): Deployment => ({
    chainId: chain.chainId,
    payOnce,
    operators: [operators[0]],
    tokens: { USDC: chain.tokens.USDC.toLowerCase(), EURC: chain.tokens.EURC.toLowerCase() },
    ...changed,
  });
  const wrongs = async (changed: Partial<Deployment>) =>
    (await preflight(rpc, deployment(changed))).filter(({ verdict }) => verdict === "wrong");

  test("finds a right deployment right, and says when an operator's gas runs low", async () => {
    const findings = await preflight(rpc, deployment());
    expect(findings.filter(({ verdict }) => verdict === "wrong")).toEqual([]);
    expect(findings.filter(({ verdict }) => verdict === "low")).toMatchObject([
      { subject: `operator ${operators[0]}`, detail: expect.stringContaining("0.000000 USDC") },
    ]);
    expect(() => assertDeployment(findings)).not.toThrow();
  });

  test("finds another chain, no contract, another contract, a stranger, and a wrong token", async () => {
    expect(await wrongs({ chainId: 5042 })).toMatchObject([{ subject: "chain" }]);
    expect(await wrongs({ payOnce: newAddress() })).toMatchObject([
      { detail: "no contract stands there" },
    ]);
    const token = chain.tokens.USDC.toLowerCase();
    expect(await wrongs({ payOnce: token })).toMatchObject([
      { detail: "another contract's code stands there" },
    ]);
    expect(await wrongs({ operators: [operators[0], operators[1]] })).toMatchObject([
      { subject: `operator ${operators[1]}` },
    ]);
    expect(await wrongs({ tokens: { EURC: token } })).toMatchObject([
      { detail: "USDC with 6 decimals" },
    ]);
    expect(await wrongs({ tokens: { USDC: newAddress() } })).toMatchObject([
      { detail: "no token stands there" },
    ]);
    expect(await wrongs({ tokens: { USDC: payOnce } })).toMatchObject([
      { detail: "no token stands there" },
    ]);
  });

  test("keeps the service from starting with all that is wrong, and only then", async () => {
    const findings = await preflight(
      rpc,
      deployment({ payOnce: newAddress(), tokens: { USDC: newAddress() } }),
    );
    expect(() => assertDeployment(findings)).toThrow(
      expect.objectContaining({ code: "DEPLOYMENT_MISMATCH", disposition: "reject" }),
    );
    expect(() => assertDeployment(findings)).toThrow(
      /no contract stands there; .*no token stands there/,
    );
  });

  test("a node that is away is a retry, not a wrong deployment", async () => {
    await using node = await startFakeNode();
    node.mishap = () => ({ status: 503, body: "" });
    const away = createRpc({ urls: [node.url], rounds: 1 });
    await expect(preflight(away, deployment())).rejects.toMatchObject({ disposition: "retry" });
  });
});
