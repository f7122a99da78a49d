import { encodeAbiParameters, toEventSelector, type AbiEvent, type Hex } from "viem";
import { payOnceAbi } from "../../../contracts/pay-once-abi.ts";
import type { Payment } from "../../contracts/pay-once-world.ts";

/** A log as a node gives it; where it stands is added when its block is made and read. */
export interface ModelLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly logIndex: string;
}

const EVENTS = new Map(
  payOnceAbi
    .filter((item) => item.type === "event")
    .map((item): [string, { event: AbiEvent; topic: Hex }] => [
      item.name,
      { event: item, topic: toEventSelector(item) },
    ]),
);

/** PayOnce's own log, encoded as its ABI says. */
export function instanceLog(log: {
  readonly payOnce: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}): ModelLog {
  const { event, topic } = EVENTS.get(log.name) ?? raise(`PayOnce has no event ${log.name}`);
  const indexed = event.inputs.filter((input) => input.indexed === true);
  const others = event.inputs.filter((input) => input.indexed !== true);
  const value = (name = "") => log.args[name];
  return {
    address: log.payOnce,
    topics: [topic, ...indexed.map(({ name }) => word(String(value(name))))],
    data: encodeAbiParameters(
      others,
      others.map(({ name }) => value(name)),
    ),
    logIndex: "0x0",
  };
}

const TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const SYSTEM = `0x${"f".repeat(39)}e`;
const WEI_PER_MICRO = 10n ** 12n;

/** Arc's USDC shows each movement twice: the system's log in 18 decimals, then the token's own. */
export function transferLogs({ payer, to, token, amount }: Payment): ModelLog[] {
  const topics = [TRANSFER_TOPIC, word(payer), word(to)];
  const log = (address: string, value: bigint) => {
    return { address, topics, data: word(`0x${value.toString(16)}`), logIndex: "0x0" };
  };
  return [log(SYSTEM, amount * WEI_PER_MICRO), log(token.toLowerCase(), amount)];
}

export function word(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase().padStart(64, "0")}`;
}

export function blockHashOf(number: bigint): Hex {
  return `0x${(number + 1n).toString(16).padStart(64, "b")}`;
}

function raise(message: string): never {
  throw new TypeError(message);
}
