/** @import { Dot } from "../../board/frame.ts" */
/** @import { Area } from "./place-dots.js" */
import { createGlidingDots } from "./gliding-dots.js";
import { createPaintLoop } from "./paint-loop.js";
import { readColours } from "./theme-colours.js";

const FROZEN_ALPHA = 0.45;
const ON_CHAIN = 3;

/**
 * Draws payments as dots that glide from stage to stage. It paints only while something moves.
 * @param {HTMLCanvasElement} canvas
 */
export function createDots(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no canvas");
  const gliding = createGlidingDots();
  const narrow = matchMedia("(max-width: 720px)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let colours = readColours(canvas);
  let isDead = false;

  /** @returns {Area} */
  const area = () => ({
    width: canvas.clientWidth,
    height: canvas.clientHeight,
    isNarrow: narrow.matches,
  });

  const arrange = (/** @type {readonly Dot[] | undefined} */ dots) =>
    gliding.arrange(dots, area(), { nowMs: performance.now(), isStill: still.matches });

  const repaint = createPaintLoop((nowMs) => {
    const { width, height } = area();
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = colours.rule;
    paintRules(context, area());
    for (const { x, y, stage, mark } of gliding.at(nowMs)) {
      // The chain did not die.
      context.globalAlpha = isDead && stage !== ON_CHAIN ? FROZEN_ALPHA : 1;
      context.fillStyle =
        [colours.stages[stage], colours.late, colours.failed][mark] ?? colours.rule;
      context.beginPath();
      context.arc(x, y, gliding.radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    return gliding.isMoving(nowMs);
  });

  new ResizeObserver(() => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    arrange(undefined);
    repaint();
  }).observe(canvas);
  dark.addEventListener("change", () => {
    colours = readColours(canvas);
    repaint();
  });

  return {
    /** @param {readonly Dot[]} dots @param {boolean} dead */
    show(dots, dead) {
      isDead = dead;
      arrange(dots);
      repaint();
    },
  };
}

/** @param {CanvasRenderingContext2D} context @param {Area} area */
function paintRules(context, { width, height, isNarrow }) {
  for (let stage = 0; stage < 6; stage += 1) {
    if (isNarrow) context.fillRect(0, (stage * height) / 6, width, 1);
    else context.fillRect((stage * width) / 6, 0, 1, height);
  }
}
