/** @import { Dot } from "../../board/frame.ts" */
/** @import { Place, Area } from "./place-dots.js" */
import { createSlots, layOut } from "./place-dots.js";

const GLIDE_MS = 350;

/**
 * @typedef {object} Gliding
 * @property {Place} from
 * @property {Place} to
 * @property {number} sinceMs
 * @property {number} stage
 * @property {Dot[2]} mark
 */

/** Dots that know where they are at any moment: on their way from where they were to where they belong. */
export function createGlidingDots() {
  const slots = createSlots();
  /** @type {Map<number, Gliding>} */
  const dots = new Map();
  let radius = 0;

  return {
    /** @returns {number} */
    get radius() {
      return radius;
    },
    /**
     * Takes a frame's dots; without it, places those that are there anew.
     * @param {readonly Dot[] | undefined} shown
     * @param {Area} area
     * @param {{ readonly nowMs: number, readonly isStill: boolean }} moment
     */
    arrange(shown, area, { nowMs, isStill }) {
      if (shown) slots.assign(shown);
      const slotsMax = Math.max(0, ...[...slots.placed.values()].map(({ slot }) => slot + 1));
      const layout = layOut(area, slotsMax);
      ({ radius } = layout);
      for (const number of dots.keys()) if (!slots.placed.has(number)) dots.delete(number);
      for (const [number, placed] of slots.placed) {
        const to = layout.place(placed);
        const known = dots.get(number);
        if (known && known.to.x === to.x && known.to.y === to.y) continue;
        const from = !known || isStill ? to : whereAt(known, nowMs);
        dots.set(number, { from, to, sinceMs: nowMs, stage: placed.stage, mark: known?.mark ?? 0 });
      }
      for (const [number, , mark] of shown ?? []) {
        const dot = dots.get(number);
        if (dot) dot.mark = mark;
      }
    },
    /** Where each is. @param {number} nowMs */
    at(nowMs) {
      return [...dots.values()].map((dot) => ({ ...dot, ...whereAt(dot, nowMs) }));
    },
    /** @param {number} nowMs */
    isMoving(nowMs) {
      return [...dots.values()].some(({ sinceMs }) => nowMs - sinceMs < GLIDE_MS);
    },
  };
}

/** @param {Gliding} dot @param {number} nowMs @returns {Place} */
function whereAt({ from, to, sinceMs }, nowMs) {
  const share = Math.min(1, Math.max(0, (nowMs - sinceMs) / GLIDE_MS));
  const eased = 1 - (1 - share) ** 3;
  return { x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased };
}
