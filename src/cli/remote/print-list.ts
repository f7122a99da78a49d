import { EXIT, type ExitCode } from "../exit.ts";
import { printDocument, type Output } from "../output.ts";
import type { ServiceOptions } from "./service-options.ts";

export interface ListOptions extends ServiceOptions {
  readonly limit: number;
}

/** What one page of the API holds at most. */
const PAGE_MAX = 100;

interface Listed<T> {
  /** Goes through the whole list, so many a page. */
  readonly pages: (pageLimit: number) => AsyncIterable<T>;
  readonly line: (item: T) => string;
  /** For people, where nothing is there. */
  readonly none: string;
}

/** Prints a list item by item as it is read, up to the limit: with `--json` one document a line. */
export async function printList<T>(
  output: Output,
  { limit }: Pick<ListOptions, "limit">,
  { pages, line, none }: Listed<T>,
): Promise<ExitCode> {
  let printed = 0;
  // One more than is shown, so that it can be said.
  for await (const item of pages(Math.min(limit + 1, PAGE_MAX))) {
    if (printed === limit) {
      process.stderr.write(`gigpay: there are more; --limit shows up to so many (now ${limit})\n`);
      return EXIT.done;
    }
    printDocument(output, item, () => line(item));
    printed += 1;
  }
  if (printed === 0) process.stderr.write(`${none}\n`);
  return EXIT.done;
}
