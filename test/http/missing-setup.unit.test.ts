import { expect, test } from "vitest";
import { missingSetup } from "../../src/http/missing-setup.ts";
import { addressOf } from "../support/seed.ts";

const wallet = addressOf("acme");
const spender = addressOf("PayOnce");
const purse = (change: object = {}) => ({
  currency: "USDC" as const,
  token: addressOf("USDC"),
  balance: 1n,
  allowance: 1n,
  blocked: false,
  ...change,
});
const codes = (purses: Parameters<typeof missingSetup>[1], rest = {}) =>
  missingSetup(wallet, purses, { spender, isPayer: () => true, ...rest }).map(
    ({ code, currency }) => `${code} ${currency}`,
  );

test("nothing is missing where there is money and an allowance", () => {
  expect(codes([purse()])).toEqual([]);
});

test("each currency is told apart, and what is missing in the order of mending", () => {
  const eurc = purse({ currency: "EURC", balance: 0n, allowance: 0n });
  expect(codes([purse({ allowance: 0n }), eurc])).toEqual([
    "allowance_missing USDC",
    "wallet_empty EURC",
    "allowance_missing EURC",
  ]);
});

test("a wallet that the token refuses needs nothing but another wallet", () => {
  expect(codes([purse({ blocked: true, balance: 0n })])).toEqual(["wallet_blocked USDC"]);
});

test("a plain transfer takes no allowance, and goes out from the account's own wallets alone", () => {
  expect(codes([purse({ allowance: 0n })], { spender: null })).toEqual([]);
  expect(codes([purse()], { spender: null, isPayer: () => false })).toEqual([
    "wallet_not_of_this_account null",
  ]);
});
