/**
 * How a deployment pays.
 * - `payonce`: through the PayOnce contract, which pays an id once whatever happens elsewhere;
 * - `transfer`: by Circle's own transfers, for those who may not use a contract. Its promises rest on Circle's keys.
 */
export type Method = "payonce" | "transfer";

/** The instance of a deployment that has none: no contract stands there, and none ever can. */
export const NO_CONTRACT = `0x${"0".repeat(40)}`;
