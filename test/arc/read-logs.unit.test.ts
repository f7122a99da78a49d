import * as fc from "fast-check";
import {
  encodeAbiParameters,
  encodeEventTopics,
  parseAbi,
  stringToHex,
  type Address,
  type Hex,
} from "viem";
import { describe, expect, test } from "vitest";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { readLogs, type RawLog } from "../../src/arc/read-logs.ts";

const PAY_ONCE: Address = "0xAAaaaAAaAAAaAAaAAAAaAaaAAAAaAaaAAAaaaaaA";
const USDC: Address = "0x3600000000000000000000000000000000000000";
const SYSTEM: Address = "0xfffffffffffffffffffffffffffffffffffffffe";
const PAYER: Address = "0x1111111111111111111111111111111111111111";
const WORKER: Address = "0x2222222222222222222222222222222222222222";
const TX = `0x${"ab".repeat(32)}`;
const ERC20 = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]);

type Unplaced = Pick<RawLog, "address" | "topics" | "data">;

interface Terms {
  readonly payer?: Address;
  readonly to?: Address;
  readonly token?: Address;
  readonly amount?: bigint;
  readonly id?: Hex;
}

const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;

function transfer({ token = USDC, payer = PAYER, to = WORKER, amount = 5n }: Terms = {}): Unplaced {
  const topics = encodeEventTopics({
    abi: ERC20,
    eventName: "Transfer",
    args: { from: payer, to },
  });
  return { address: token, topics: topics as Hex[], data: word(amount) };
}

function paid({
  token = USDC,
  payer = PAYER,
  to = WORKER,
  amount = 5n,
  id = idOf(1),
}: Terms = {}): Unplaced {
  const topics = encodeEventTopics({ abi: payOnceAbi, eventName: "Paid", args: { id, payer, to } });
  const types = [{ type: "uint32" }, { type: "address" }, { type: "uint256" }] as const;
  return ours(topics as Hex[], encodeAbiParameters(types, [1, token, amount]));
}

function refused(reason: Hex, id = idOf(1)): Unplaced {
  const topics = encodeEventTopics({ abi: payOnceAbi, eventName: "Refused", args: { id } });
  return ours(
    topics as Hex[],
    encodeAbiParameters([{ type: "uint32" }, { type: "bytes" }], [3, reason]),
  );
}

function ours(topics: readonly Hex[], data: Hex): Unplaced {
  return { address: PAY_ONCE, topics, data };
}

function word(value: bigint): Hex {
  return encodeAbiParameters([{ type: "uint256" }], [value]);
}

function placed(logs: readonly Unplaced[], first = 10): RawLog[] {
  return logs.map((log, index) => ({
    ...log,
    blockHash: idOf(9),
    transactionHash: TX,
    logIndex: `0x${(first + index).toString(16)}`,
  }));
}

const read = (...logs: readonly Unplaced[]) => readLogs(PAY_ONCE.toLowerCase(), placed(logs));
const proofs = (...logs: readonly Unplaced[]) =>
  read(...logs).logs.map((log) => (log.kind === "paid" ? log.transferLogIndex : log.kind));

describe("a Paid is paired with the token's own Transfer", () => {
  test("not with the system's log of the same movement in 18 decimals", () => {
    const native = transfer({ token: SYSTEM, amount: 5_000_000_000_000n });
    expect(proofs(native, transfer(), paid())).toEqual([11]);
    expect(proofs(native, paid())).toEqual([null]);
    expect(proofs(transfer({ token: SYSTEM }), paid())).toEqual([null]);
  });

  test("and its terms and place are read in lower case", () => {
    expect(read(transfer(), paid({ amount: 5n })).logs).toEqual([
      {
        kind: "paid",
        txHash: TX,
        logIndex: 11,
        ref: idOf(1),
        generation: 1n,
        payer: PAYER,
        recipient: WORKER,
        token: USDC,
        amount: 5n,
        transferLogIndex: 10,
      },
    ]);
  });

  test("the last one that matches, where a token tells of several", () => {
    expect(proofs(transfer(), transfer(), transfer({ amount: 6n }), paid())).toEqual([11]);
  });

  test("only one after the preceding log of ours: a neighbour's proof is not ours", () => {
    expect(proofs(transfer(), paid(), paid({ id: idOf(2) }))).toEqual([10, null]);
    expect(proofs(transfer(), refused("0x"), paid({ id: idOf(2) }))).toEqual(["refused", null]);
    expect(proofs(transfer(), ours([idOf(77)], "0x"), paid())).toEqual([null]);
  });

  test.for([
    ["another token", transfer({ token: PAY_ONCE.replace("A", "B") as Address })],
    ["another payer", transfer({ payer: WORKER })],
    ["another recipient", transfer({ to: PAYER })],
    ["another amount", transfer({ amount: 4n })],
    ["another event", { ...transfer(), topics: [idOf(5), ...transfer().topics.slice(1)] }],
    [
      "an amount among the topics",
      { ...transfer(), topics: [...transfer().topics, word(5n)], data: "0x" },
    ],
    ["data that is no word", { ...transfer(), data: `${word(5n)}00` }],
    ["no topics", { ...transfer(), topics: [] }],
  ] as const)("not with a log of %s", ([, log]) => {
    expect(proofs(log, paid())).toEqual([null]);
  });

  test("whatever stands around and between the payments of a batch", () => {
    const noise = fc.constantFrom(
      transfer({ amount: 6n }),
      transfer({ token: SYSTEM }),
      transfer({ to: PAYER, payer: WORKER }),
      { address: WORKER, topics: [], data: "0x" },
    );
    const item = fc.record({
      before: fc.array(noise, { maxLength: 3 }),
      proven: fc.boolean(),
      after: fc.array(noise, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (items) => {
        const logs: Unplaced[] = [];
        const expected: (number | null)[] = [];
        for (const [n, { before, proven, after }] of items.entries()) {
          logs.push(...before);
          expected.push(proven ? 10 + logs.length : null);
          if (proven) logs.push(transfer());
          logs.push(...after, paid({ id: idOf(n) }));
        }
        expect(proofs(...logs)).toEqual(expected);
      }),
    );
  });
});

describe("the other logs of ours", () => {
  test("Refused says why in the token's words", () => {
    const text = (reason: Hex) => {
      const [log] = read(refused(reason)).logs;
      return log?.kind === "refused" ? log.reason : undefined;
    };
    const blocked = encodeAbiParameters([{ type: "string" }], ["Blocked address"]);
    const reason: Hex = `0x08c379a0${blocked.slice(2)}`;
    expect(text(reason)).toEqual({ text: "Blocked address", raw: reason });
    expect(text("0x")).toEqual({ text: "0x", raw: "0x" });
    expect(text("0xdeadbeef")).toEqual({ text: "0xdeadbeef", raw: "0xdeadbeef" });
    expect(
      text("0x4e487b710000000000000000000000000000000000000000000000000000000000000011")?.text,
    ).toBe("Panic(17)");
    const long = encodeAbiParameters([{ type: "string" }], ["x".repeat(400)]);
    const cut: Hex = `0x08c379a0${long.slice(2, 2 + 252 * 2)}`;
    expect(text(cut)?.text).toBe("x".repeat(188));
  });

  test("Skipped tells the slot, Voided its generation", () => {
    const id = idOf(4);
    const skipped = ours(
      encodeEventTopics({ abi: payOnceAbi, eventName: "Skipped", args: { id } }) as Hex[],
      encodeAbiParameters([{ type: "uint32" }, { type: "bool" }, { type: "uint32" }], [2, true, 7]),
    );
    const voided = ours(
      encodeEventTopics({ abi: payOnceAbi, eventName: "Voided", args: { id } }) as Hex[],
      encodeAbiParameters([{ type: "uint32" }], [4_294_967_295]),
    );
    const place = { txHash: TX, ref: id };
    expect(read(skipped, voided).logs).toEqual([
      { ...place, kind: "skipped", logIndex: 10, generation: 2n, paid: true, floor: 7n },
      { ...place, kind: "voided", logIndex: 11, generation: 4_294_967_295n },
    ]);
  });

  test("what cannot be read is reported as stray and stops nothing", () => {
    const broken = { ...paid(), data: "0x01" };
    const topicless = { ...paid(), topics: paid().topics.slice(0, 2) };
    const unknown = ours([idOf(99)], stringToHex("?"));
    const named = ours(
      encodeEventTopics({
        abi: payOnceAbi,
        eventName: "OperatorNamed",
        args: { operator: WORKER },
      }) as Hex[],
      "0x",
    );
    const anonymous = ours([], "0x");
    const { logs, strays } = read(broken, topicless, unknown, named, anonymous, transfer(), paid());
    expect(logs.map((log) => log.logIndex)).toEqual([16]);
    expect(strays.map(({ event, logIndex }) => [event, logIndex])).toEqual([
      [null, 10],
      [null, 11],
      [null, 12],
      ["OperatorNamed", 13],
      [null, 14],
    ]);
  });

  test("a stranger's instance is not ours", () => {
    const stranger = { ...paid(), address: WORKER };
    expect(read(stranger)).toEqual({ logs: [], strays: [] });
  });
});
