/** @import { Figures, Frame, StageFigures } from "../../board/frame.ts" */
import { byId } from "./by-id.js";

/**
 * Only what changed is written: an unchanged text is not painted, nor read out, again.
 * @param {Element} element
 * @param {string} text
 */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1_000).toFixed(2)} s`;

/** @param {number} value */
const count = (value) => value.toLocaleString("en");

/** @param {Figures} figures */
export function showFigures(figures) {
  const hasEnded = figures.paid > 0;
  write(byId("published"), count(figures.published));
  write(byId("paid"), count(figures.paid));
  write(byId("in-flight"), count(figures.inFlight));
  write(byId("p50"), hasEnded ? seconds(figures.p50Ms) : "–");
  write(byId("p99"), hasEnded ? seconds(figures.p99Ms) : "–");
  write(byId("over"), count(figures.overThreeSeconds));
  write(byId("lag"), figures.kafkaLag === null ? "–" : count(figures.kafkaLag));
}

/** @param {Pick<Frame, "stages" | "undrawn">} frame */
export function showStages({ stages, undrawn }) {
  const list = byId("stages");
  while (list.children.length < stages.length) {
    const item = document.createElement("li");
    item.append(document.createElement("b"), document.createElement("span"));
    list.append(item);
  }
  for (const [i, { name, here }] of stages.entries()) {
    const [title, number] = list.children[i]?.children ?? [];
    if (title) write(title, name);
    if (number) write(number, count(here));
  }
  write(byId("undrawn"), undrawn > 0 ? `· ${count(undrawn)} more are not drawn` : "");
}

/** @param {readonly StageFigures[]} stages */
export function showSources(stages) {
  const list = byId("sources");
  if (list.children.length > 0) return;
  for (const { name, source } of stages) {
    const item = document.createElement("li");
    const title = document.createElement("b");
    title.textContent = name;
    item.append(title, `: ${source}`);
    list.append(item);
  }
}

/**
 * The way to each stage: the first has none.
 * @param {readonly StageFigures[]} stages
 */
export function showMeans(stages) {
  const body = byId("means");
  for (const [i, { name, meanMs, budgetMs }] of stages.slice(1).entries()) {
    const row = body.children[i] ?? body.appendChild(meansRow(i + 1, name));
    const [, mean, budget] = row.children;
    if (mean) write(mean, meanMs === null ? "–" : `${count(meanMs)} ms`);
    if (budget) write(budget, budgetMs === null ? "" : `${count(budgetMs)} ms`);
  }
}

/** @param {number} stage @param {string} name */
function meansRow(stage, name) {
  const row = document.createElement("tr");
  const title = document.createElement("th");
  title.scope = "row";
  const swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  swatch.setAttribute("class", "swatch");
  const square = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  square.setAttribute("class", `stage-${stage}`);
  square.setAttribute("width", "10");
  square.setAttribute("height", "10");
  swatch.append(square);
  title.append(swatch, name);
  row.append(title, document.createElement("td"), document.createElement("td"));
  return row;
}

/** @param {readonly string[]} story */
export function showStory(story) {
  const list = byId("story");
  const shown = [...list.children].map(({ textContent }) => textContent);
  if (shown.join("\n") === story.join("\n")) return;
  // What is still there stays: a reader of the screen then hears the new lines only.
  while (list.firstElementChild && list.firstElementChild.textContent !== story[0]) {
    list.firstElementChild.remove();
  }
  for (const line of story.slice(list.children.length)) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
}
