import type { FundsReader, PayerFunds } from "../dispatch/rail.ts";
import { quantityOf } from "./read-answers.ts";
import { allowance, balanceOf, isBlacklisted } from "./token-calls.ts";
import type { Rpc } from "./rpc.ts";

/** Three reads a pair: a request holds at most 100. */
const PAIRS_PER_REQUEST = 33;

/**
 * Reads what payers can spend through the instance, at the newest block of one node, all pairs of a request at once.
 * Throws `PaymentError` (retry) where no node answered.
 */
export function createFundsReader(rpc: Rpc, payOnce: string): FundsReader {
  return {
    async read(pairs, signal) {
      const funds: PayerFunds[] = [];
      for (let from = 0; from < pairs.length; from += PAIRS_PER_REQUEST) {
        const reads = pairs.slice(from, from + PAIRS_PER_REQUEST).map(({ payer, token }) => ({
          balance: balanceOf(token, payer),
          allowance: allowance(token, payer, payOnce),
          blocked: isBlacklisted(token, payer),
        }));
        const calls = reads.flatMap((read) => [
          read.balance.call,
          read.allowance.call,
          read.blocked.call,
        ]);
        const answers = await rpc.ask(calls, { signal });
        for (const [index, read] of reads.entries()) {
          funds.push({
            balance: read.balance.valueIn(answers[index * 3]),
            allowance: read.allowance.valueIn(answers[index * 3 + 1]),
            blocked: read.blocked.valueIn(answers[index * 3 + 2]),
          });
        }
      }
      return funds;
    },
  };
}

/** Some transfers' gas at twice Arc's lowest fee; the payer's own wallet pays it, in USDC. */
const GAS_RESERVE_MICROS = 50_000n;
const GAS_RESERVE_WEI = GAS_RESERVE_MICROS * 10n ** 12n;

/**
 * Reads what payers can spend by plain transfers of their own: the balance, less what the gas takes. Throws
 * `PaymentError` (retry) where no node answered.
 */
export function createBalanceReader(rpc: Rpc, usdc: string): FundsReader {
  return {
    async read(pairs, signal) {
      const funds: PayerFunds[] = [];
      for (let from = 0; from < pairs.length; from += PAIRS_PER_REQUEST) {
        const part = pairs.slice(from, from + PAIRS_PER_REQUEST);
        const reads = part.map(({ payer, token }) => ({
          balance: balanceOf(token, payer),
          blocked: isBlacklisted(token, payer),
        }));
        const calls = reads.flatMap((read, index) => [
          read.balance.call,
          read.blocked.call,
          { method: "eth_getBalance", params: [part[index]?.payer, "latest"] },
        ]);
        const answers = await rpc.ask(calls, { signal });
        for (const [index, read] of reads.entries()) {
          const balance = read.balance.valueIn(answers[index * 3]);
          const gas = quantityOf(answers[index * 3 + 2]);
          // USDC is the native coin too: the same money pays the gas.
          const reserve = part[index]?.token === usdc ? GAS_RESERVE_MICROS : 0n;
          const canSend = gas > GAS_RESERVE_WEI && balance > reserve;
          funds.push({
            balance,
            allowance: canSend ? balance - reserve : 0n,
            blocked: read.blocked.valueIn(answers[index * 3 + 1]),
          });
        }
      }
      return funds;
    },
  };
}
