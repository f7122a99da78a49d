import { sql } from "slonik";
import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Cell, Fault } from "../fault.ts";
import { dropSend, noReceipt, replaceSend } from "../boxes/chain-acts.ts";
import { drainGas, drainTokens, headOf, refusals } from "../boxes/chain-operations.ts";
import { answerError, doneButError, type ChainAct } from "../boxes/chain-rules.ts";
import type { HeadStrike } from "../boxes/heads-box.ts";
import { lag } from "../boxes/lagging-node.ts";
import {
  armed,
  BOTH_RAILS,
  meanwhile,
  midway,
  OUTAGE_MS,
  pause,
  untilTrue,
  type FaultTitle,
} from "./shapes.ts";

const ARC: readonly Rail[] = ["arc"];
const SEND = ["eth_sendRawTransaction"];
const STRIKES = 3;
const BURST = 20;
const HANGS = 4;
const HEADS = 5;
const SPIKE_GWEI = 5_000;
const ALLOWANCE_MICRO = 10_000_000_000_000n;
/** Longer than the service trusts a silent WebSocket. */
const SILENCE_MS = 3_000;
const LISTENING_WITHIN_MS = 15_000;

const sends = (words: string): FaultTitle => ({
  name: `chain: ${words}`,
  part: "chain",
  rails: ARC,
});
const chain = (words: string): FaultTitle => ({ name: `chain: ${words}`, part: "chain" });

function onSends(words: string, act: ChainAct): Fault {
  return armed(sends(words), ({ boxes }) => [
    boxes.chain.rule({ methods: SEND, act, times: STRIKES }),
  ]);
}

function onAll(words: string, act: ChainAct, times: number): Fault {
  return armed(chain(words), ({ boxes }) => [boxes.chain.rule({ methods: "all", act, times })]);
}

function onHeads(words: string, kind: HeadStrike["kind"]): Fault {
  return armed(chain(words), ({ boxes }) => [
    boxes.chain.heads.strikeHeads({ kind, times: HEADS }),
  ]);
}

export const chainFaults: readonly Fault[] = [
  onSends("send accepted, its answer lost", { kind: "loseAnswer" }),
  onSends("send answered with its hash and dropped from the pool", dropSend),
  armed(sends("send replaced by another of its nonce"), ({ boxes, world }) => {
    let replaced = 0;
    const act = replaceSend(keysOf(world.settings), () => void (replaced += 1));
    const rule = boxes.chain.rule({ methods: SEND, act, times: STRIKES });
    return [{ struck: () => replaced, disarm: rule.disarm }];
  }),
  onSends(
    "nonce too low, code -32000",
    doneButError(-32000, "nonce too low: next nonce 7, tx nonce 6"),
  ),
  onSends("nonce too low, code -32603", doneButError(-32603, "nonce too low")),
  onSends("nonce too low, code -32003", doneButError(-32003, "nonce too low")),
  onAll("throttled with -32011", answerError(-32011, "request limit reached"), BURST),
  onAll("throttled with 429", { kind: "status", status: 429 }, BURST),
  onAll("answers 503", { kind: "status", status: 503 }, BURST),
  onAll("hung connections", { kind: "hang" }, HANGS),
  armed(chain("the first node fails, the second lags behind"), ({ boxes }) => {
    const away: ChainAct = { kind: "status", status: 503 };
    const failing = boxes.chain.rule({ methods: "all", act: away, times: BURST, node: "first" });
    const lagging = boxes.chain.rule({ methods: "all", act: lag, times: "always", node: "second" });
    return [lagging, { struck: () => 0, disarm: failing.disarm }];
  }),
  armed(sends("nonce count ahead of the receipts"), ({ boxes }) => [
    boxes.chain.rule({ methods: ["eth_getTransactionReceipt"], act: noReceipt, times: BURST }),
  ]),
  onHeads("heads repeated", "repeat"),
  onHeads("heads skipped", "skip"),
  onHeads("heads out of order", "reorder"),
  midway(chain("WebSocket silently dead"), async ({ boxes }) => {
    const { heads } = boxes.chain;
    const before = heads.disturbed();
    heads.silence(true);
    // An instance that was killed at this moment hears nothing until it is up again.
    const late = AbortSignal.timeout(LISTENING_WITHIN_MS);
    await untilTrue(async () => heads.disturbed() > before, late);
    await pause(SILENCE_MS);
    heads.silence(false);
    return heads.disturbed() - before;
  }),
  midway(chain("node restarted"), async ({ sandbox }) => {
    await sandbox.chain.server.down();
    await pause(OUTAGE_MS);
    await sandbox.chain.server.up();
    return 1;
  }),
  meanwhile(chain("no blocks for a while"), async ({ sandbox }) => {
    sandbox.chain.pauseBlocks();
    return { lift: async () => sandbox.chain.resumeBlocks() };
  }),
  meanwhile(chain("base fee spike"), async ({ sandbox }) => {
    sandbox.chain.setBaseFee(SPIKE_GWEI);
    return { lift: async () => sandbox.chain.setBaseFee(undefined) };
  }),
  meanwhile(chain("operators out of gas"), async ({ sandbox, world }) => {
    const givebacks = await Promise.all(
      operatorsOf(world).map((each) => drainGas(sandbox.chain, each)),
    );
    return { lift: () => all(givebacks) };
  }),
  meanwhile(chain("treasuries empty"), async ({ sandbox, world }) => {
    const { USDC, EURC } = sandbox.chain.tokens;
    const drained = world.treasuries.flatMap(({ address }) =>
      [USDC, EURC].map((token) => drainTokens(sandbox.chain, token, address)),
    );
    const givebacks = await Promise.all(drained);
    return { lift: () => all(givebacks) };
  }),
  meanwhile(chain("allowances empty"), async (cell) => {
    await allow(cell, 0n);
    return { lift: () => allow(cell, ALLOWANCE_MICRO) };
  }),
  {
    ...chain("recipients blocked, and unblocked later"),
    rails: BOTH_RAILS,
    start: blockRecipients,
  },
];

async function all(givebacks: readonly (() => Promise<void>)[]): Promise<void> {
  for (const giveBack of givebacks) await giveBack();
}

async function allow({ sandbox, world }: Cell, amount: bigint): Promise<void> {
  for (const { privateKey } of world.treasuries) {
    await sandbox.chain.approve(privateKey, "USDC", world.chain.payOnce, amount);
    await sandbox.chain.approve(privateKey, "EURC", world.chain.payOnce, amount);
  }
}

/** Every third worker is blocked in both tokens, until PayOnce has refused one of them and a moment longer. */
async function blockRecipients({ sandbox, world }: Cell): ReturnType<Fault["start"]> {
  const wallets = await world.pool.anyFirst(
    sql.type(z.object({ wallet: z.string() }))`
      SELECT DISTINCT wallet_address AS wallet FROM workers
      WHERE wallet_address IS NOT NULL ORDER BY wallet`,
  );
  const blocked = wallets.filter((_, i) => i % 3 === 0) as Address[];
  const from = await headOf(sandbox.chain);
  const set = async (isBlocked: boolean) => {
    for (const wallet of blocked) {
      await sandbox.chain.setBlacklisted("USDC", wallet, isBlocked);
      await sandbox.chain.setBlacklisted("EURC", wallet, isBlocked);
    }
  };
  await set(true);
  let refused = 0;
  const count = async () => {
    refused = await refusals(sandbox.chain, world.chain.payOnce, from);
    return refused > 0;
  };
  const over = new AbortController();
  const unblockLater = async () => {
    await untilTrue(count, over.signal);
    await pause(OUTAGE_MS, over.signal);
    await set(false);
  };
  const lifting = unblockLater();
  // Whoever ends the fault is told.
  lifting.catch(() => undefined);
  return {
    struck: () => refused,
    async end() {
      over.abort();
      await lifting;
      await count();
    },
  };
}

function keysOf(settings: Readonly<Record<string, string>>): readonly Hex[] {
  return (settings["ARC_OPERATOR_PRIVATE_KEYS"] ?? "").split(",").filter(Boolean) as Hex[];
}

function operatorsOf({ settings, parts }: Cell["world"]): readonly Address[] {
  return settings["PAYMENT_RAIL"] === "arc"
    ? keysOf(settings).map((key) => privateKeyToAccount(key).address)
    : parts.circle.operatorWallets.map(({ address }) => address);
}
