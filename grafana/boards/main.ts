import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BOARDS } from "./all-boards.ts";
import { buildBoard } from "./build/build-board.ts";

const FOLDER = fileURLToPath(new URL("../dashboards/", import.meta.url));

/**
 * `node grafana/boards/main.ts` writes the boards; with `--check` it writes nothing and exits with 1 if a committed one is
 * not exactly what the sources give.
 */
function main(check: boolean): number {
  mkdirSync(FOLDER, { recursive: true });
  const stale = BOARDS.filter((spec) => {
    const file = `${FOLDER}${spec.uid}.json`;
    const text = `${JSON.stringify(buildBoard(spec), null, 2)}\n`;
    if (existsSync(file) && readFileSync(file, "utf8") === text) return false;
    if (!check) writeFileSync(file, text);
    return true;
  });
  for (const { uid } of stale) {
    const file = `grafana/dashboards/${uid}.json`;
    console.log(
      check ? `${file} is not what its source gives: run npm run boards` : `wrote ${file}`,
    );
  }
  return check && stale.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.includes("--check"));
