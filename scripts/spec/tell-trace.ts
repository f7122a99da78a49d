/** The model's words for logs and states, as the docs spell them. */
const SPELLED: readonly (readonly [RegExp, string | ((n: string) => string)])[] = [
  [/SKIPPED_PAID\(\d+\)/g, "Skipped(paid)"],
  [/SKIPPED_CLOSED\((\d+)\)/g, "Skipped(closed up to $1)"],
  [/STRANGERS_VOIDED/g, "the stranger's Voided"],
  [/\bPAID\(/g, "Paid("],
  [/\bREFUSED\(/g, "Refused("],
  [/\bVOIDED\(/g, "Voided("],
  [/\b(PLANNED|VOIDING|REVIEW|COMPLETED|FAILED|PAY|VOID)\(/g, (word) => word.toLowerCase()],
  [/NOTHING\(0\)/g, "not known"],
];

/** Every step of a trace on a line of its own, what followed from it indented. */
export function tellInFull(told: readonly string[]): string[] {
  return told.map((line) =>
    line.startsWith(">>") ? `      ${spell(line.slice(3))}` : `  ${spell(line.slice(2))}`,
  );
}

/** One line: without the steps that follow of themselves. */
export function tellShortly(told: readonly string[]): string {
  const wallets = told.some((line) => line.includes("wallet B") || line.includes("wallet is now"));
  const steps = told
    .filter((line, i) => !isPlain(line, told[i + 1]))
    .map((line) => spell(line.replace(/^>+ /, "")));
  return steps.map((step) => (wallets ? step : step.replace(/,? from wallet A/, ""))).join(" · ");
}

function isPlain(line: string, next: string | undefined): boolean {
  if (/^> a send of .* is stored$/.test(line)) return true;
  if (line === ">> the payment is NOTHING(0)") return true;
  const instance = /^> (S\d) (?:is about to POST|reads .* from the outbox)/.exec(line)?.[1];
  return (
    instance !== undefined &&
    next !== undefined &&
    new RegExp(`^> ${instance} (?:POSTs|publishes)`).test(next)
  );
}

function spell(line: string): string {
  return SPELLED.reduce(
    (text, [pattern, word]) =>
      typeof word === "string" ? text.replace(pattern, word) : text.replace(pattern, word),
    line,
  );
}
