import { fileURLToPath } from "node:url";

/** What a run of the matrix leaves behind. */
export const LEFT_BEHIND = fileURLToPath(new URL("../../../.sandbox/faults/", import.meta.url));

/** Where the services' logs of a cell are; kept where it failed. */
export function logsOf(cell: string): string {
  return `${LEFT_BEHIND}${cell.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}`;
}
