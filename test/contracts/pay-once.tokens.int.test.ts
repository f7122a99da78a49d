import { toFunctionSelector, type Address, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { compileSolidity } from "../../contracts/solidity.ts";
import {
  namesOf,
  newAddress,
  newId,
  reasonText,
  startPayOnceWorld,
  word,
  type PayOnceWorld,
} from "./pay-once-world.ts";

const TOKEN_HAS_NO_CODE = toFunctionSelector("TokenHasNoCode(address)");
const REENTERED = toFunctionSelector("ReentrancyGuardReentrantCall()");
const REASON_BYTES_MAX = 256;

const hostile = compileSolidity(["test/contracts/tokens/HostileTokens.sol"]);

let world: PayOnceWorld;
beforeAll(async () => {
  world = await startPayOnceWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const deploy = (name: string) => world.deploy(hostile.get(name));

/** Pays one item of that token between two good ones, which must not notice. */
async function payAmongNeighbours(token: Address) {
  const item = world.payment({ token });
  const neighbours = [world.payment(), world.payment()] as const;
  const sent = await world.pay([neighbours[0], item, neighbours[1]]);
  expect(sent.reverted).toBe(false);
  const [before, outcome, after] = sent.outcomes;
  expect([before?.name, after?.name]).toEqual(["Paid", "Paid"]);
  return { item, outcome, sent };
}

describe("a token decides only over its own item", () => {
  test.each(["FalseToken", "LongAnswerToken", "GasBurnerToken"])(
    "%s: refused, slot unchanged, neighbours paid",
    async (name) => {
      const { item, outcome } = await payAmongNeighbours(await deploy(name));
      expect(outcome?.name).toBe("Refused");
      expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
    },
  );

  test("a token that answers nothing but is a contract has paid", async () => {
    const token = await deploy("SilentToken");
    const { item, outcome } = await payAmongNeighbours(token);
    expect(outcome?.name).toBe("Paid");
    expect(await world.balance(token, item.to)).toBe(item.amount);
  });

  test.each([
    ["an address without code", newAddress()],
    ["the zero address", `0x${"0".repeat(40)}`],
    ["a precompile that answers", "0x0000000000000000000000000000000000000002"],
  ] as const)("%s is no token: refused, never paid", async (_, token) => {
    const { item, outcome } = await payAmongNeighbours(token);
    expect(outcome?.name).toBe("Refused");
    expect(String(outcome?.args["reason"]).slice(0, 10)).toBe(TOKEN_HAS_NO_CODE);
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
  });

  test("PayOnce itself named as the token is refused", async () => {
    expect((await payAmongNeighbours(world.payOnce)).outcome?.name).toBe("Refused");
  });

  test("a reason is cut at 256 bytes, however long the token's answer", async () => {
    const { outcome } = await payAmongNeighbours(await deploy("LongAnswerToken"));
    expect(String(outcome?.args["reason"])).toHaveLength(2 + 2 * REASON_BYTES_MAX);
  });

  test("a token that burns its gas costs the batch the cap and no more", async () => {
    const { sent } = await payAmongNeighbours(await deploy("GasBurnerToken"));
    expect(sent.receipt.gasUsed).toBeLessThan(500_000n + 3n * 80_000n + 60_000n);
  });
});

describe("what counts as the token saying yes", () => {
  const script = hostile.get("ScriptedToken");

  test.each<[string, Hex, boolean, string]>([
    ["true", word(1), false, "Paid"],
    ["true and more", `${word(1)}${word(7).slice(2)}`, false, "Paid"],
    ["false", word(0), false, "Refused"],
    ["two", word(2), false, "Refused"],
    ["one byte", "0x01", false, "Refused"],
    ["a byte too few", `0x${"0".repeat(62)}`, false, "Refused"],
    ["a revert without a word", "0x", true, "Refused"],
    ["a revert that says true", word(1), true, "Refused"],
  ])("%s", async (_, answer, reverts, outcome) => {
    const token = await world.deploy(script);
    await world.call(world.admin, token, {
      abi: script?.abi ?? [],
      functionName: "script",
      args: [answer, reverts],
    });
    // An id that ends in 1 leaves a 1 in scratch memory, where a short answer could find the rest of its "true".
    const item = world.payment({ token, id: `${newId().slice(0, -2)}01` as Hex });
    const sent = await world.pay([item]);
    expect(namesOf(sent)).toEqual([outcome]);
    if (outcome === "Refused") expect(sent.outcomes[0]?.args["reason"]).toBe(answer);
    expect(await world.slot(item.id)).toEqual({ paid: outcome === "Paid", floor: 0 });
  });
});

describe("a token that comes back while it is being paid", () => {
  const reentrant = hostile.get("ReentrantToken");

  /** A token that is an operator itself, the worst case. */
  async function arm(swallow: boolean, voids: boolean) {
    const token = await world.deploy(reentrant, world.payOnce);
    await world.setOperator(token, true);
    const item = world.payment({ token });
    const call = { abi: reentrant?.abi ?? [], functionName: "script" } as const;
    await world.call(world.admin, token, { ...call, args: [item, swallow, voids] });
    const read = (functionName: string) =>
      world.anvil.readContract({ address: token, abi: reentrant?.abi ?? [], functionName });
    return { token, item, read };
  }

  test.each([
    ["pays", false],
    ["voids", true],
  ])(
    "%s the same item and gives up: refused with the guard's error, slot unchanged",
    async (_, voids) => {
      const { item } = await arm(false, voids);
      const sent = await world.pay([item]);
      expect(namesOf(sent)).toEqual(["Refused"]);
      expect(sent.outcomes[0]?.args["reason"]).toBe(REENTERED);
      expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
    },
  );

  test.each([
    ["pays", false],
    ["voids", true],
  ])(
    "%s the same item and goes on: it met a paid slot and a closed door, and is paid once",
    async (_, voids) => {
      const { token, item, read } = await arm(true, voids);
      const sent = await world.pay([item]);
      expect(namesOf(sent)).toEqual(["Paid"]);
      expect(await read("paidMeanwhile")).toBe(true);
      expect(await read("refusal")).toBe(REENTERED);
      expect(await world.balance(token, item.to)).toBe(item.amount);
      expect(await world.slot(item.id)).toEqual({ paid: true, floor: 0 });
    },
  );

  test("once the batch is over, the guard is open again for the next transaction", async () => {
    const { item } = await arm(true, false);
    await world.pay([item]);
    expect(namesOf(await world.pay([item]))).toEqual(["Skipped"]);
  });
});

describe("an item that was starved of gas never looks refused", () => {
  test.each(["HungryToken", "TimidToken"])(
    "%s: at every gas limit the batch either stands whole and pays, or is undone whole",
    async (name) => {
      const token = await deploy(name);
      const statuses = new Set<string>();
      for (let gas = 100_000n; gas <= 700_000n; gas += 25_000n) {
        const item = world.payment({ token });
        const sent = await world.pay([item], { gas });
        statuses.add(sent.reverted ? "reverted" : namesOf(sent).join());
        if (sent.reverted) expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
      }
      expect(statuses).toEqual(new Set(["reverted", "Paid"]));
    },
  );

  test("a blocked recipient at the end of a batch with too little gas undoes the batch, with enough it is refused", async () => {
    const blocked = world.payment();
    await world.chain.setBlacklisted("USDC", blocked.to, true);
    const good = world.payment();
    const tight = await world.pay([good, blocked], { gas: 300_000n });
    expect(tight.reverted).toBe(true);
    expect(await world.slot(good.id)).toEqual({ paid: false, floor: 0 });

    const roomy = await world.pay([good, blocked], { gas: 800_000n });
    expect(namesOf(roomy)).toEqual(["Paid", "Refused"]);
    expect(reasonText(roomy.outcomes[1])).toContain("Blocked address");
  });
});
