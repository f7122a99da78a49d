/**
 * What a call of PayOnce needs, rounded up from measurements over the emulated USDC (README.md) by what Arc's own adds:
 * crediting a fresh address costs 25,000 there, and 17,100 in the emulation. Blocks pack by the declared limit, so a
 * generous one costs throughput.
 */
export const PAY_ONCE_GAS = {
  base: 60_000n,
  perPayment: 70_000n,
  perVoid: 26_000n,
  /** An item is only called refused when it was offered TRANSFER_GAS in full; without this, the last items' refusals would undo the batch. */
  refusalReserve: 520_000n,
} as const;

/** The gas limit to declare for a `pay` of that many items. */
export function payGasLimit(items: number): bigint {
  return PAY_ONCE_GAS.base + PAY_ONCE_GAS.refusalReserve + BigInt(items) * PAY_ONCE_GAS.perPayment;
}

/** How many items a `pay` may have that declares no more than that; one in any case. */
export function payItemsWithin(gas: bigint): number {
  const items = (gas - payGasLimit(0)) / PAY_ONCE_GAS.perPayment;
  return items < 1n ? 1 : Number(items);
}

/** The gas limit to declare for a `void` of that many items. */
export function voidGasLimit(items: number): bigint {
  return PAY_ONCE_GAS.base + BigInt(items) * PAY_ONCE_GAS.perVoid;
}
