/** stdout carries what was asked for and nothing else: one JSON document with --json, lines for people without. */
export interface Output {
  readonly json: boolean;
}

export function printDocument(output: Output, document: unknown, text: () => string): void {
  process.stdout.write(output.json ? `${JSON.stringify(document)}\n` : `${text()}\n`);
}

/** Two columns, aligned. */
export function table(rows: readonly (readonly [string, unknown])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`)
    .join("\n");
}
