import { stringify } from "csv-stringify/sync";

type Row = Readonly<Record<string, unknown>>;

/**
 * Rows as `text/csv` (RFC 4180), one column per member; what is nested gets a column per inner member (`failure.code`). A
 * cell that a spreadsheet would run as a formula is made harmless, since names come from outside.
 */
export function csvOf(rows: readonly Row[]): string {
  const flat = rows.map(flatten);
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  return stringify(flat, {
    header: true,
    columns,
    escape_formulas: true,
    record_delimiter: "\r\n",
  });
}

function flatten(row: Row): Record<string, string> {
  const cells: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === null) cells[name] = "";
    else if (Array.isArray(value)) cells[name] = value.map(String).join(" ");
    else if (typeof value === "object") {
      for (const [inner, cell] of Object.entries(flatten(value as Row)))
        cells[`${name}.${inner}`] = cell;
    } else cells[name] = `${value as string | number | boolean}`;
  }
  return cells;
}
