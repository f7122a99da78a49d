/** Some 30 pictures a second: the browser shares the machine with all that it shows. */
const PICTURE_MS = 30;

/**
 * Paints when asked to, and goes on while something moves.
 * @param {(nowMs: number) => boolean} paint answers whether something still moves
 * @returns {() => void}
 */
export function createPaintLoop(paint) {
  let isRunning = false;
  let paintedAtMs = -Infinity;

  const step = () => {
    const nowMs = performance.now();
    if (nowMs - paintedAtMs >= PICTURE_MS) {
      paintedAtMs = nowMs;
      isRunning = paint(nowMs);
    }
    if (isRunning) requestAnimationFrame(step);
  };

  return () => {
    if (isRunning) return;
    isRunning = true;
    requestAnimationFrame(step);
  };
}
