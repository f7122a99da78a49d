import { expect, test } from "vitest";

type Shown = readonly (readonly [number: number, stage: number, mark: 0 | 1 | 2])[];
interface GlidingDots {
  arrange(
    shown: Shown | undefined,
    area: { width: number; height: number; isNarrow: boolean },
    moment: { nowMs: number; isStill: boolean },
  ): void;
  at(nowMs: number): { x: number; y: number; stage: number }[];
  isMoving(nowMs: number): boolean;
}

// The page's own file, which the compiler checks with the browser's types and not with Node's.
const file = new URL("../../../sandbox/demo/page/public/gliding-dots.js", import.meta.url).href;
const { createGlidingDots } = (await import(file)) as { createGlidingDots: () => GlidingDots };

const WIDE = { width: 600, height: 120, isNarrow: false };
const xOf = (dots: GlidingDots, nowMs: number) => dots.at(nowMs)[0]?.x ?? Number.NaN;

test("a dot glides from stage to stage and then stands still", () => {
  const dots = createGlidingDots();
  dots.arrange([[1, 0, 0]], WIDE, { nowMs: 0, isStill: false });
  dots.arrange([[1, 1, 0]], WIDE, { nowMs: 1_000, isStill: false });
  const way = [1_000, 1_100, 1_200, 1_350, 2_000].map((nowMs) => xOf(dots, nowMs));
  expect(way[0]).toBeLessThan(100);
  expect(way[1]).toBeGreaterThan(way[0] ?? 0);
  expect(way[2]).toBeGreaterThan(way[1] ?? 0);
  expect(way[3]).toBeGreaterThan(100);
  expect(way[4]).toBe(way[3]);
  expect(dots.isMoving(1_200)).toBe(true);
  expect(dots.isMoving(1_350)).toBe(false);
});

test("without motion it is there at once", () => {
  const dots = createGlidingDots();
  dots.arrange([[1, 0, 0]], WIDE, { nowMs: 0, isStill: true });
  dots.arrange([[1, 5, 0]], WIDE, { nowMs: 1_000, isStill: true });
  expect(xOf(dots, 1_000)).toBe(xOf(dots, 5_000));
  expect(xOf(dots, 1_000)).toBeGreaterThan(500);
});

test("what stays in its stage keeps its place when others leave", () => {
  const dots = createGlidingDots();
  dots.arrange(
    [1, 2, 3].map((n) => [n, 2, 0]),
    WIDE,
    { nowMs: 0, isStill: false },
  );
  const third = dots.at(0)[2];
  dots.arrange([[3, 2, 0]], WIDE, { nowMs: 1_000, isStill: false });
  expect(dots.at(5_000)[0]).toMatchObject({ x: third?.x, y: third?.y });
});

test.each([WIDE, { width: 320, height: 336, isNarrow: true }])(
  "five hundred dots of one stage fit into it: %o",
  (area) => {
    const dots = createGlidingDots();
    const all = Array.from({ length: 500 }, (_, n) => [n, 5, 0] as const);
    dots.arrange(all, area, { nowMs: 0, isStill: true });
    const places = dots.at(0);
    const [left, top] = area.isNarrow ? [0, (area.height * 5) / 6] : [(area.width * 5) / 6, 0];
    for (const { x, y } of places) {
      expect(x).toBeGreaterThan(left);
      expect(x).toBeLessThan(area.width);
      expect(y).toBeGreaterThan(top);
      expect(y).toBeLessThan(area.height);
    }
    expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(500);
  },
);
