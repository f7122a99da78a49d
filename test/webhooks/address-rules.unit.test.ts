import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";

const https = { isHttps: true, port: 443 };
const publicOnly = createAddressRules([]);

const octet = fc.integer({ min: 0, max: 255 });
const hextet = fc.integer({ min: 0, max: 0xffff });
const v4 = (...first: readonly (number | fc.Arbitrary<number>)[]) =>
  fc
    .tuple(...Array.from({ length: 4 }, (_, i) => arbitraryOf(first[i], octet)))
    .map((octets) => octets.join("."));
const v6 = (...first: readonly (number | fc.Arbitrary<number>)[]) =>
  fc
    .tuple(...Array.from({ length: 8 }, (_, i) => arbitraryOf(first[i], hextet)))
    .map((hextets) => hextets.map((part) => part.toString(16)).join(":"));

function arbitraryOf(part: number | fc.Arbitrary<number> | undefined, any: fc.Arbitrary<number>) {
  return typeof part === "number" ? fc.constant(part) : (part ?? any);
}

/** What an IPv4 address is within an IPv6 one that ends, or begins, with it. */
const hextetsOf = (address: string): [number, number] => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
};
const hex = (parts: readonly number[]) => parts.map((part) => part.toString(16)).join(":");

describe("never connected to, whatever the port", () => {
  const between = (min: number, max: number) => fc.integer({ min, max });
  test.each<[string, fc.Arbitrary<string>]>([
    ["this network", v4(0)],
    ["private, 10/8", v4(10)],
    ["private, 172.16/12", v4(172, between(16, 31))],
    ["private, 192.168/16", v4(192, 168)],
    ["shared (CGNAT), 100.64/10", v4(100, between(64, 127))],
    ["loopback", v4(127)],
    ["link-local and cloud metadata", v4(169, 254)],
    ["IETF protocol assignments", v4(192, 0, 0)],
    ["documentation", fc.oneof(v4(192, 0, 2), v4(198, 51, 100), v4(203, 0, 113))],
    ["6to4 relays", v4(192, 88, 99)],
    ["benchmarks", v4(198, between(18, 19))],
    ["multicast", v4(between(224, 239))],
    ["reserved and broadcast", v4(between(240, 255))],
    ["IPv6 unspecified and loopback", fc.constantFrom("::", "::1")],
    ["IPv4-compatible", v6(0, 0, 0, 0, 0, 0)],
    ["IPv4-mapped", v6(0, 0, 0, 0, 0, 0xffff)],
    ["IPv4-translated", v6(0, 0, 0, 0, 0xffff, 0)],
    ["NAT64", fc.oneof(v6(0x64, 0xff9b, 0, 0, 0, 0), v6(0x64, 0xff9b, 1))],
    ["Teredo", v6(0x2001, 0)],
    ["6to4", v6(0x2002)],
    ["IPv6 documentation", fc.oneof(v6(0x2001, 0xdb8), v6(0x3fff, between(0, 0xfff)))],
    ["unique local", v6(between(0xfc00, 0xfdff))],
    ["IPv6 link-local", v6(between(0xfe80, 0xfebf))],
    ["IPv6 site-local", v6(between(0xfec0, 0xfeff))],
    ["IPv6 multicast", v6(between(0xff00, 0xffff))],
    [
      "never given out: outside 2000::/3",
      v6(fc.oneof(between(1, 0x1fff), between(0x4000, 0xffff))),
    ],
  ])("%s", (_, address) => {
    fc.assert(fc.property(address, (text) => !publicOnly.permits(text, https)));
  });
});

test("no private IPv4 address gets through in the clothes of an IPv6 one", () => {
  const inner = fc.oneof(v4(10), v4(127), v4(169, 254), v4(192, 168), v4(100, 64));
  fc.assert(
    fc.property(inner, (address) => {
      const [high, low] = hextetsOf(address);
      const clothes = [
        `::ffff:${address}`,
        `::${address}`,
        `64:ff9b::${address}`,
        hex([0x2002, high, low, 0, 0, 0, 0, 0]),
        hex([0, 0, 0, 0, 0, 0xffff, high, low]),
      ];
      for (const text of clothes) expect(publicOnly.permits(text, https), text).toBe(false);
    }),
  );
});

test("public addresses are connected to by https on 443 and 8443, and by nothing else", () => {
  const addresses = [
    "1.1.1.1",
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
  ];
  for (const address of addresses) {
    expect(publicOnly.permits(address, https), address).toBe(true);
    expect(publicOnly.permits(address, { isHttps: true, port: 8443 })).toBe(true);
    for (const port of [1, 22, 25, 80, 5432, 6379, 9092, 65_535]) {
      expect(publicOnly.permits(address, { isHttps: true, port }), `${port}`).toBe(false);
    }
    expect(publicOnly.permits(address, { isHttps: false, port: 443 })).toBe(false);
  }
});

test("an allowed network is open by http and on any port, in IPv4-mapped form too, and nothing beside it is", () => {
  const rules = createAddressRules(["10.1.0.0/16", "fd00::/8"]);
  const anyhow = { isHttps: false, port: 3000 };
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"]) {
    expect(rules.permits(address, anyhow), address).toBe(true);
  }
  for (const address of ["10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "fe80::1"]) {
    expect(rules.permits(address, https), address).toBe(false);
  }
  expect(rules.permits("1.1.1.1", anyhow)).toBe(false);
});

test("what is no address is not connected to", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^[\d.a-fx:]+$/i.test(text));
      return !publicOnly.permits(text, https);
    }),
  );
});
