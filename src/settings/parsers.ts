import ipaddr from "ipaddr.js";
import { parseFeeRate, type FeeRate, type FeeTier } from "../payment/fee.ts";
import { parseMicros, type Micros } from "../payment/money.ts";

/** Reads a setting's text, or throws a `Complaint` whose text says what to write instead. */
export type Parser<T> = (text: string) => T;

export class Complaint extends Error {}

export const text: Parser<string> = (value) => value;

const list: Parser<readonly string[]> = (value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

export function oneOf<const T extends string>(...choices: readonly T[]): Parser<T> {
  return (value) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new Complaint(`is none of ${choices.join(", ")}`);
    return choice;
  };
}

export function integer(min: number, max: number): Parser<number> {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new Complaint(`is not a whole number ${min}–${max}`);
    }
    return number;
  };
}

export const boolean: Parser<boolean> = (value) => oneOf("true", "false")(value) === "true";

export function url(...protocols: readonly string[]): Parser<string> {
  return (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (!parsed || !protocols.includes(parsed.protocol)) {
      throw new Complaint(`is not a URL that starts with ${protocols.join("// or ")}//`);
    }
    return value.replace(/\/+$/, "");
  };
}

export function listOf<T>(item: Parser<T>): Parser<readonly T[]> {
  return (value) => {
    const items = list(value).map(item);
    if (items.length === 0) throw new Complaint("is empty; give one, or several with commas");
    return items;
  };
}

/** "10.0.0.0/8", IPv4 or IPv6. */
export const network: Parser<string> = (value) => {
  if (!ipaddr.isValidCIDR(value)) throw new Complaint("is not a network such as 10.0.0.0/8");
  return value;
};

export const address: Parser<string> = (value) => {
  if (!/^0x[0-9a-fA-F]{40}$/.test(value))
    throw new Complaint("is not an address (0x and 40 hex digits)");
  return value.toLowerCase();
};

export const hex32: Parser<`0x${string}`> = (value) => {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(value)) throw new Complaint("needs 64 hex characters");
  return `0x${value.replace(/^0x/, "").toLowerCase()}`;
};

export const amount: Parser<Micros> = (value) => {
  const micros = parseMicros(value);
  if (micros === undefined || micros < 0n) {
    throw new Complaint("is not an amount; write it like 1 or 2.50, at most 6 decimals");
  }
  return micros;
};

/** "2000,4000,6000": the wait before each further try. */
export const delaysMs: Parser<readonly number[]> = listOf(integer(0, 86_400_000));

/** From 0 to 1. */
export const share: Parser<number> = (value) => {
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || number > 1) throw new Complaint("is not a number 0–1");
  return number;
};

/** "key=value,…" as OpenTelemetry writes headers: values may be percent-encoded. */
export const headers: Parser<Readonly<Record<string, string>>> = (value) =>
  Object.fromEntries(
    list(value).map((pair) => {
      const [, name, text = ""] = /^([^=\s]+)\s*=\s*(.*)$/.exec(pair) ?? [];
      if (name === undefined) throw new Complaint("is not KEY=VALUE,…");
      return [name, decoded(text)];
    }),
  );

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Complaint("has a value that is not percent-encoded as it should be");
  }
}

/** Empty switches a limit off. */
export function orOff<T>(parser: Parser<T>): Parser<T | null> {
  return (value) => (value === "" ? null : parser(value));
}

/** A percentage below 100 with up to four decimals: "2.5". */
export const percentage: Parser<FeeRate> = (value) => {
  const rate = parseFeeRate(value);
  if (rate === undefined) {
    const hint = value.includes(",") ? `; write ${value.replace(",", ".")}` : "";
    throw new Complaint(`is not a number 0–100 (100 excluded)${hint}`);
  }
  return rate;
};

/** "0:2.5,1000:2": from amount 0 on 2.5 %, from 1000 on 2 %. Sorted by amount; empty is no tiers. */
export const feeTiers: Parser<readonly FeeTier[]> = (value) =>
  list(value)
    .map((tier) => {
      const [from = "", rate = "", ...rest] = tier.split(":");
      if (rest.length > 0 || rate === "")
        throw new Complaint("is not AMOUNT:PERCENT,… as in 0:2.5,1000:2");
      return { fromAmount: amount(from), rate: percentage(rate) };
    })
    .sort((a, b) => (a.fromAmount < b.fromAmount ? -1 : 1));
