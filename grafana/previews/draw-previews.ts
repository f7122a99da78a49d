import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { launchBrowser, openPage } from "../../test/support/headless-browser.ts";
import { BOARDS } from "../boards/all-boards.ts";
import { readBoard } from "../lint/committed-board.ts";
import type { PrometheusApi, Range } from "../try/prometheus-api.ts";
import { drawnBoard, type DrawnBoard } from "./panel-data.ts";

const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** A headless browser has no language of its own, and uPlot asks for it. */
const SCREEN = { viewport: { width: 1600, height: 900 }, locale: "en-GB", timezoneId: "UTC" };
const NOTE =
  "A preview, drawn by a page of this project from the committed board and a real Prometheus. Not Grafana.";
const textOf = (path: string | URL) => readFileSync(path, "utf8");
const uplot = createRequire(import.meta.url)
  .resolve("uplot/package.json")
  .replace(/package\.json$/, "dist/");

/** Writes docs/images/board-*.png: each board with its data, drawn by a real browser. */
export async function drawPreviews(prometheus: PrometheusApi, range: Range): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const { uid } of BOARDS) {
      const board = await drawnBoard(prometheus, readBoard(uid), range);
      const { page, complaints } = await openPage(browser, SCREEN);
      await page.setContent(pageOf(board));
      if (complaints.length > 0) throw new Error(`${uid}: ${complaints.join("; ")}`);
      const path = `${IMAGES}board-${uid.replace(/^payments-/, "")}.png`;
      await page.screenshot({ path, fullPage: true });
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
}

function pageOf(board: DrawnBoard): string {
  const own = (name: string) => textOf(new URL(`page/${name}`, import.meta.url));
  // No text of a label may end the script.
  const data = JSON.stringify(board).replaceAll("<", String.raw`\u003c`);
  return `<!doctype html><meta charset="utf-8"><title>preview</title>
<style>${textOf(`${uplot}uPlot.min.css`)}${own("page.css")}</style>
<header><h1></h1><p></p><span class="note">${NOTE}</span></header><main></main>
<script>${textOf(`${uplot}uPlot.iife.min.js`)}; globalThis.uPlot = uPlot; globalThis.board = ${data};</script>
<script type="module">${own("draw.js")}</script>`;
}
