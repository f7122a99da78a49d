/** @import { Bar, Frame } from "../../board/frame.ts" */

const SVG = "http://www.w3.org/2000/svg";
const SECONDS = 60;
const PROMISE_MS = 3_000;
const SCALE_MIN_MS = 4_000;
/** Higher bars are cut off: what waited for a dead service would press all others flat. */
const SCALE_MAX_MS = 10_000;
const AXIS_PX = 30;
const BASE_PX = 4;
const REDRAW_MS = 250;

/** @param {string} name @param {Readonly<Record<string, string | number>>} attributes @param {string} [text] */
function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {readonly Bar[]} bars */
function scaleOf(bars) {
  const highest = Math.max(0, ...bars.map(({ meansMs }) => meansMs.reduce((a, b) => a + b, 0)));
  return Math.min(SCALE_MAX_MS, Math.max(SCALE_MIN_MS, Math.ceil(highest / 1_000) * 1_000));
}

/** A line a second, or every other one where they would crowd; the promise always has its own. @param {number} scaleMs */
function ticksOf(scaleMs) {
  const stepMs = scaleMs > 6_000 ? 2_000 : 1_000;
  const ticks = Array.from({ length: Math.floor(scaleMs / stepMs) + 1 }, (_, i) => i * stepMs);
  return ticks.includes(PROMISE_MS) ? ticks : [...ticks, PROMISE_MS];
}

/**
 * Draws the last minute: a bar a second, its stages stacked, against the 3 seconds.
 * @param {SVGSVGElement} svg
 */
export function createBars(svg) {
  let drawnAtMs = -Infinity;

  /** @param {Frame} frame */
  const draw = ({ atMs, bars, outages }) => {
    const width = svg.clientWidth;
    const height = svg.clientHeight - BASE_PX;
    const scaleMs = scaleOf(bars);
    const step = (width - AXIS_PX) / SECONDS;
    const x = (/** @type {number} */ second) => width - (atMs / 1_000 - second) * step;
    const y = (/** @type {number} */ ms) => height - (Math.min(ms, scaleMs) / scaleMs) * height;
    const shapes = [];
    for (const { fromMs, toMs } of outages) {
      const left = Math.max(AXIS_PX, x(fromMs / 1_000));
      const right = Math.max(AXIS_PX, x((toMs ?? atMs) / 1_000));
      const band = { class: "outage", x: left, y: 0, width: right - left, height };
      if (right > left) shapes.push(shape("rect", band));
    }
    for (const { second, meansMs, slowestMs } of bars) {
      const left = x(second);
      if (left < AXIS_PX) continue;
      let sumMs = 0;
      for (const [i, ms] of meansMs.entries()) {
        const [top, bottom] = [y(sumMs + ms), y(sumMs)];
        const size = { width: Math.max(1, step - 2), height: bottom - top };
        shapes.push(shape("rect", { class: `stage-${i + 1}`, x: left, y: top, ...size }));
        sumMs += ms;
      }
      const tick = { x1: left, x2: left + step - 2, y1: y(slowestMs), y2: y(slowestMs) };
      shapes.push(shape("line", { class: "slowest", ...tick }));
    }
    for (const ms of ticksOf(scaleMs)) {
      const name = ms === PROMISE_MS ? "promise" : "axis";
      shapes.push(shape("line", { class: name, x1: AXIS_PX, x2: width, y1: y(ms), y2: y(ms) }));
      const label = { x: AXIS_PX - 6, y: Math.max(9, y(ms) + 4), "text-anchor": "end" };
      shapes.push(shape("text", label, `${ms / 1_000} s`));
    }
    svg.replaceChildren(...shapes);
  };

  return {
    /** @param {Frame} frame */
    show(frame) {
      // The last frame is the one that stays.
      if (frame.atMs - drawnAtMs < REDRAW_MS && !frame.audit) return;
      drawnAtMs = frame.atMs;
      draw(frame);
    },
  };
}
