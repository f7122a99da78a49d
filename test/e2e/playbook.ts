import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { gigpayHere, type Ran } from "../support/gigpay-here.ts";

/** A page of docs/playbooks, whose commands a test gives in the page's order and in the page's words. */
export interface Playbook {
  /** The page's next command, with its placeholders filled in. Throws where the page says another one. */
  run(command: string, values?: Readonly<Record<string, string>>): Promise<Ran>;
  /** The page's last command once more, for another payment. */
  again(values: Readonly<Record<string, string>>): Promise<Ran>;
  /** Fails if the page has commands that were not run. */
  expectDone(): void;
}

export function openPlaybook(
  page: string,
  settings: () => Readonly<Record<string, string>>,
): Playbook {
  const commands = commandsOf(page);
  let next = 0;
  const execute = (command: string, values: Readonly<Record<string, string>>) =>
    gigpayHere(wordsOf(fillIn(command, values)), settings());
  return {
    run(command, values = {}) {
      expect(command, `command ${next + 1} of ${page}.md`).toBe(commands[next]);
      next += 1;
      return execute(command, values);
    },
    again: (values) => execute(commands[next - 1] ?? "", values),
    expectDone: () => expect(commands.slice(next), `left of ${page}.md`).toEqual([]),
  };
}

/** Every line of the page's `sh` blocks. */
function commandsOf(page: string): string[] {
  const path = new URL(`../../docs/playbooks/${page}.md`, import.meta.url);
  return [...readFileSync(path, "utf8").matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) =>
    (block ?? "").trim().split("\n"),
  );
}

/** A placeholder is a word in capitals. */
function fillIn(command: string, values: Readonly<Record<string, string>>): string {
  return command.replaceAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g, (name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for ${name} in ${command}`);
    return value;
  });
}

/** As a shell takes it apart: words, and what stands between double quotes. */
function wordsOf(command: string): string[] {
  const [program, ...words] = [...command.matchAll(/"([^"]*)"|\S+/g)].map(
    ([word, quoted]) => quoted ?? word,
  );
  if (program !== "gigpay") throw new Error(`not a command of ours: ${command}`);
  return words;
}
