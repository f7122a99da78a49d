/** @import { Dot } from "../../board/frame.ts" */

const STAGES = 6;
const PITCH_MAX = 11;
const PITCH_MIN = 3;
const MARGIN = 6;

/**
 * @typedef {object} Placed
 * @property {number} stage
 * @property {number} slot the place in its stage, kept while it is there
 */

/**
 * @typedef {object} Place
 * @property {number} x
 * @property {number} y
 */

/**
 * @typedef {object} Area
 * @property {number} width
 * @property {number} height
 * @property {boolean} isNarrow stages lie below one another
 */

/** Gives each dot the first free slot of its stage, and keeps it there: what stands still does not move on the screen. */
export function createSlots() {
  /** @type {Map<number, Placed>} */
  const placed = new Map();
  return {
    placed,
    /** @param {readonly Dot[]} dots */
    assign(dots) {
      const present = new Map(dots.map(([number, stage]) => [number, stage]));
      for (const [number, { stage }] of placed) {
        if (present.get(number) !== stage) placed.delete(number);
      }
      const taken = Array.from({ length: STAGES }, () => new Set());
      for (const { stage, slot } of placed.values()) taken[stage]?.add(slot);
      for (const [number, stage] of present) {
        if (placed.has(number)) continue;
        const slots = taken[stage] ?? new Set();
        let slot = 0;
        while (slots.has(slot)) slot += 1;
        slots.add(slot);
        placed.set(number, { stage, slot });
      }
    },
  };
}

/**
 * Where slots lie: stages beside one another where there is room, else below one another. Dots draw together where a stage
 * is full.
 * @param {Area} area
 * @param {number} slotsMax the highest slot of any stage, plus one
 * @returns {{ readonly radius: number, place(placed: Placed): Place }}
 */
export function layOut(area, slotsMax) {
  const { isNarrow } = area;
  const width = isNarrow ? area.width : area.width / STAGES;
  const height = isNarrow ? area.height / STAGES : area.height;
  const [inner, depth] = [width - 2 * MARGIN, height - MARGIN];
  const fitting = Math.sqrt((inner * depth) / Math.max(1, slotsMax));
  let pitch = Math.min(PITCH_MAX, Math.max(PITCH_MIN, fitting));
  // Whole columns and rows: the square root alone may come out a row too large.
  while (pitch > PITCH_MIN && Math.floor(inner / pitch) * Math.floor(depth / pitch) < slotsMax) {
    pitch -= 0.25;
  }
  const columns = Math.max(1, Math.floor(inner / pitch));
  return {
    radius: pitch * 0.38,
    place({ stage, slot }) {
      const x = MARGIN + ((slot % columns) + 0.5) * pitch;
      const y = (Math.floor(slot / columns) + 0.5) * pitch;
      return isNarrow
        ? { x, y: stage * height + MARGIN / 2 + y }
        : { x: stage * width + x, y: MARGIN / 2 + y };
    },
  };
}
