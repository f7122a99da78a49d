import { toEventSelector, toFunctionSelector, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";

/** A log as a node gives it, but for where it stands. */
export interface Log {
  readonly address: string;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** What one PayOnce moved. */
export interface Moved {
  readonly payer: string;
  readonly recipient: string;
  readonly amount: bigint;
}

export interface Slot {
  readonly isPaid: boolean;
  readonly floor: number;
}

export interface Executed {
  readonly logs: readonly Log[];
  readonly moved: readonly Moved[];
}

const PAY = selectorOf("pay");
const VOID = selectorOf("void");
const topics = {
  paid: topicOf("Paid"),
  skipped: topicOf("Skipped"),
  voided: topicOf("Voided"),
};
const TRANSFER: Hex = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** Arc's USDC shows each movement twice: the system's log in 18 decimals, then the token's own. */
const SYSTEM = `0x${"f".repeat(39)}e`;
const WEI_PER_MICRO = 10n ** 12n;

const OPEN: Slot = { isPaid: false, floor: 0 };
const HEAD_WORDS = 2;

/**
 * contracts/PayOnce.sol over payers who never run dry, with its slots in memory. It works on the words of the ABI as they
 * stand: encoding them anew for each payment would cost more than all the rest of this chain.
 */
export function createPayOnce(address: string) {
  const slots = new Map<string, Slot>();
  const slotOf = (id: string) => slots.get(id) ?? OPEN;

  function pay([id = "", generation = "", payer = "", token = "", to = "", amount = ""]: Item) {
    const slot = slotOf(id);
    if (slot.isPaid || Number(`0x${generation}`) < slot.floor) return skipped(id, generation, slot);
    slots.set(id, { ...slot, isPaid: true });
    const micros = BigInt(`0x${amount}`);
    const route: readonly Hex[] = [TRANSFER, `0x${payer}`, `0x${to}`];
    const logs: Log[] = [
      { address: SYSTEM, topics: route, data: word(micros * WEI_PER_MICRO) },
      { address: addressIn(token), topics: route, data: `0x${amount}` },
      {
        address,
        topics: [topics.paid, `0x${id}`, `0x${payer}`, `0x${to}`],
        data: `0x${generation}${token}${amount}`,
      },
    ];
    const moved = { payer: addressIn(payer), recipient: addressIn(to), amount: micros };
    return { logs, moved: [moved] };
  }

  function close([id = "", generation = ""]: Item): Executed {
    const slot = slotOf(id);
    const number = Number(`0x${generation}`);
    if (slot.isPaid || number < slot.floor) return skipped(id, generation, slot);
    slots.set(id, { ...slot, floor: number + 1 });
    const log = { address, topics: [topics.voided, `0x${id}`], data: `0x${generation}` } as const;
    return { logs: [log], moved: [] };
  }

  function skipped(id: string, generation: string, { isPaid, floor }: Slot): Executed {
    const data = `0x${generation}${bare(isPaid ? 1n : 0n)}${bare(BigInt(floor))}` as const;
    return { logs: [{ address, topics: [topics.skipped, `0x${id}`], data }], moved: [] };
  }

  return {
    slotOf,
    /** Undefined: it reverts. */
    execute(calldata: string): Executed | undefined {
      const selector = calldata.slice(0, 10);
      if (selector === PAY) return allOf(itemsOf(calldata, 6).map(pay));
      if (selector === VOID) return allOf(itemsOf(calldata, 2).map(close));
      return undefined;
    },
  };
}

type Item = readonly string[];

/** The items of `f(tuple[])`, each as the 64 digits of its words. */
function itemsOf(calldata: string, wordsPerItem: number): Item[] {
  const words = calldata.slice(10).match(/.{64}/g) ?? [];
  const count = Number(`0x${words[1] ?? "0"}`);
  return Array.from({ length: count }, (_, index) => {
    const from = HEAD_WORDS + index * wordsPerItem;
    return words.slice(from, from + wordsPerItem);
  });
}

function allOf(items: readonly Executed[]): Executed {
  return {
    logs: items.flatMap(({ logs }) => logs),
    moved: items.flatMap(({ moved }) => moved),
  };
}

function bare(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

export function word(value: bigint): Hex {
  return `0x${bare(value)}`;
}

function addressIn(word: string): string {
  return `0x${word.slice(-40)}`;
}

function selectorOf(name: string): Hex {
  const found = payOnceAbi.find((item) => item.type === "function" && item.name === name);
  if (found?.type !== "function") throw new Error(`PayOnce has no function ${name}`);
  return toFunctionSelector(found);
}

function topicOf(name: string): Hex {
  const found = payOnceAbi.find((item) => item.type === "event" && item.name === name);
  if (found?.type !== "event") throw new Error(`PayOnce has no event ${name}`);
  return toEventSelector(found);
}
