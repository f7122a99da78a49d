import { parseArgs } from "node:util";
import type { Rail } from "../service-settings.ts";

export const DEMO_HELP = `npm run demo -- [--rail circle|arc] [--payments N] [--rate R] [--unattended] [--calm] [--json]

Starts the whole world on this machine, publishes tasks, pays them, kills the service in the middle, and ends with
an audit from three sources that share no code with the service. Prints the address of a page that shows it live.
No real money is involved.

  --rail circle|arc  through the emulated Circle API, or straight to the emulated chain (circle)
  --payments N       tasks to publish (2000)
  --rate R           tasks per second (50)
  --unattended       needs nobody; otherwise k kills, d publishes duplicates, l loses Circle's answers, q ends
  --calm             no kill and no faults: measures the ordinary case
  --json             one JSON document, last, on stdout; the story goes to stderr
`;

export interface DemoArguments {
  readonly rail: Rail;
  readonly payments: number;
  readonly ratePerSecond: number;
  readonly unattended: boolean;
  readonly calm: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Throws a TypeError whose text says what to write instead. */
export function readDemoArguments(args: string[]): DemoArguments {
  const { values } = parseArgs({
    args,
    options: {
      rail: { type: "string", default: "circle" },
      payments: { type: "string", default: "2000" },
      rate: { type: "string", default: "50" },
      unattended: { type: "boolean", default: false },
      calm: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { rail, unattended, calm, json, help } = values;
  if (rail !== "circle" && rail !== "arc") {
    throw new TypeError(`--rail ${rail} is neither circle nor arc.`);
  }
  return {
    rail,
    payments: wholeNumber("--payments", values.payments, 1_000_000),
    ratePerSecond: wholeNumber("--rate", values.rate, 5_000),
    unattended: unattended || !process.stdin.isTTY,
    calm,
    json,
    help,
  };
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new TypeError(`${name} ${text} is not a whole number from 1 to ${max}.`);
  }
  return value;
}
