import { open } from "node:fs/promises";
import type { BulkItem } from "../../client/api.ts";
import { formatMicros, parseMicros } from "../../payment/money.ts";
import { usage } from "../operator-options.ts";

export interface BulkLine {
  /** From 1, as editors count. */
  readonly line: number;
  readonly item: BulkItem;
}

export interface BulkSurvey {
  readonly items: number;
  /** In words: "1200.500000 USDC". */
  readonly totals: readonly string[];
}

/** The items of a file, one JSON object a line; empty lines are passed over. Throws (exit 2) at a line that is none. */
export async function* readBulkFile(path: string): AsyncGenerator<BulkLine, void> {
  const file = await open(path).catch((error: Error) => {
    throw usage(`${path} cannot be read: ${error.message}.`);
  });
  try {
    let line = 0;
    for await (const text of file.readLines()) {
      line += 1;
      if (text.trim() !== "") yield { line, item: parseItem(text, `${path}, line ${line}`) };
    }
  } finally {
    await file.close();
  }
}

/** Goes through the whole file before anything is sent: a file that breaks off in the middle pays nobody. */
export async function surveyBulkFile(path: string): Promise<BulkSurvey> {
  const totals = new Map<string, bigint>();
  let items = 0;
  for await (const { line, item } of readBulkFile(path)) {
    const micros = parseMicros(item.amount);
    if (micros === undefined) {
      throw usage(`${path}, line ${line}: "${item.amount}" is not an amount like "50.25".`);
    }
    items += 1;
    totals.set(item.currency, (totals.get(item.currency) ?? 0n) + micros);
  }
  const words = [...totals].map(([currency, micros]) => `${formatMicros(micros)} ${currency}`);
  return { items, totals: words };
}

/** What a confirmation speaks of; the service looks at the rest, item by item. */
function parseItem(text: string, where: string): BulkItem {
  const value = parseJson(text, where);
  const members: Partial<Record<string, unknown>> =
    typeof value === "object" && value !== null ? { ...value } : {};
  for (const name of ["platformId", "taskId", "workerId", "amount", "currency"]) {
    if (typeof members[name] !== "string") throw usage(`${where}: ${name} must be a string.`);
  }
  return value as BulkItem;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usage(`${where}: not a JSON object.`);
  }
}
