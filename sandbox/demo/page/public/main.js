/** @import { Frame } from "../../board/frame.ts" */
import { showAudit } from "./audit.js";
import { createBars } from "./bars.js";
import { byId } from "./by-id.js";
import { createDots } from "./dots.js";
import { showFigures, showMeans, showSources, showStages, showStory } from "./figures.js";
import { createKeys } from "./keys.js";
import { showService } from "./service-banner.js";

const dots = createDots(/** @type {HTMLCanvasElement} */ (byId("dots")));
const bars = createBars(/** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId("bars"))));
const keys = createKeys(byId("keys"));
const link = byId("link");

/** @param {Frame} frame */
function show(frame) {
  const isDead = frame.service.kind !== "up";
  showService(frame);
  showFigures(frame.figures);
  showStages(frame);
  showSources(frame.stages);
  dots.show(frame.dots, isDead);
  bars.show(frame);
  showMeans(frame.stages);
  showStory(frame.story);
  keys.offer(frame.audit ? [] : frame.keys);
  showAudit(frame.audit);
}

/** @param {string} text @param {boolean} isLost */
function tellLink(text, isLost) {
  if (link.textContent !== text) link.textContent = text;
  link.classList.toggle("lost", isLost);
}

const source = new EventSource("events");
source.addEventListener("open", () => tellLink("live", false));
source.addEventListener("error", () => tellLink("no word from the demo", true));
source.addEventListener("message", ({ data }) => {
  /** @type {Frame} */
  const frame = JSON.parse(data);
  show(frame);
  if (!frame.audit) return;
  // The demo ends with its audit: nothing comes after it, and nobody is there to be asked again.
  source.close();
  tellLink("the demo has ended", false);
});
