import { OPERATOR_BALANCE_FLOOR, readOperatorGas, WEI_PER_MICRO } from "../arc/operator-gas.ts";
import type { Rpc } from "../arc/rpc.ts";
import type { FundsReader } from "../dispatch/rail.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { MICROS_PER_UNIT, type Micros } from "../payment/money.ts";
import type { Sampler } from "./sample-every.ts";
import type { Payer } from "./watched-payers.ts";

export interface ChainSamplerDeps {
  readonly rpc: Rpc;
  readonly funds: FundsReader;
  readonly metrics: Metrics;
  /** Lower-case addresses that this deployment sends from; none where payers send themselves. */
  readonly operators: readonly string[];
  /** Whose funds are looked at. */
  readonly payers: () => readonly Payer[];
}

/** Figures of the chain: its height, the operators' gas, the payers' funds; a few requests. Throws CHAIN_UNAVAILABLE. */
export function createChainSampler(deps: ChainSamplerDeps): Sampler {
  const { rpc, funds, metrics, operators } = deps;
  let newest = -1n;
  metrics.operatorGasMinimum.set({}, unitsOf(OPERATOR_BALANCE_FLOOR / WEI_PER_MICRO));
  return {
    name: "chain",
    async sample(signal) {
      const { headNumber, balances } = await readOperatorGas(rpc, operators, signal);
      if (headNumber > newest) metrics.chainHead.set({}, Date.now() / 1_000);
      newest = headNumber;
      metrics.headBlock.set({}, Number(headNumber));
      metrics.operatorGas.replace(
        balances.map((wei, index) => ({
          labels: { operator: operators[index] ?? "" },
          value: unitsOf(wei / WEI_PER_MICRO),
        })),
      );
      const payers = deps.payers();
      const purses = await funds.read(payers, signal);
      metrics.payerFunds.replace(
        purses.flatMap(({ balance, allowance, blocked }, index) => {
          const payer = payers[index];
          if (!payer) return [];
          const spendable = balance < allowance ? balance : allowance;
          const labels = { payer: payer.payer, currency: payer.currency };
          return [{ labels, value: blocked ? 0 : unitsOf(spendable) }];
        }),
      );
    },
  };
}

/** For the eye: a float holds more than any wallet to the micro-unit. */
function unitsOf(micros: Micros): number {
  return Number(micros) / Number(MICROS_PER_UNIT);
}
