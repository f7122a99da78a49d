import { describe, expect, test } from "vitest";
import { createBoard, type Board } from "../../../sandbox/demo/board/board.ts";
import { outcome, stamps, task, transfer } from "./traffic-seen.ts";

const START_MS = 1_000_000_000;
const at = (ms: number) => START_MS + ms;

/** Task `n`, done at 0, seen at every stage: accepted 100, sent 200, on chain 1,500, settled 1,600, arrived 1,650. */
function pay(board: Board, n: number, laterMs = 0): void {
  board.published(task(n, at(0)));
  board.journeys.stamp(stamps(n, at(100), at(200)));
  board.journeys.transfer(transfer(n), at(1_500 + laterMs));
  board.journeys.stamp(stamps(n, at(100), at(200), at(1_600 + laterMs)));
  board.ended(outcome(n, at(1_650 + laterMs)));
}

describe("a payment's dot", () => {
  test("stands at the furthest stage where the payment was seen, and leaves a second after the end", () => {
    const board = createBoard();
    const stage = () => board.frame(at(2_000)).dots[0]?.[1];
    board.published(task(1, at(0)));
    expect(stage()).toBe(0);
    board.journeys.stamp(stamps(1, at(100)));
    expect(stage()).toBe(1);
    board.journeys.stamp(stamps(1, at(100), at(200)));
    expect(stage()).toBe(2);
    board.journeys.transfer(transfer(1), at(1_500));
    expect(stage()).toBe(3);
    board.journeys.stamp(stamps(1, at(100), at(200), at(1_600)));
    expect(stage()).toBe(4);
    board.ended(outcome(1, at(1_650)));
    expect(stage()).toBe(5);
    board.journeys.forget(at(2_649));
    expect(stage()).toBe(5);
    board.journeys.forget(at(2_650));
    expect(stage()).toBeUndefined();
  });

  test("waits for the stamps of a payment whose event came first, but not for ever", () => {
    const board = createBoard();
    board.published(task(1, at(0)));
    board.ended(outcome(1, at(1_650)));
    board.journeys.forget(at(5_000));
    expect(board.frame(at(5_000)).dots).toHaveLength(1);
    expect(board.journeys.unstamped()).toHaveLength(1);
    board.journeys.forget(at(11_650));
    expect(board.frame(at(11_650)).dots).toHaveLength(0);
    expect(board.journeys.unstamped()).toHaveLength(0);
  });

  test("is marked once it is later than three seconds, and when it failed", () => {
    const board = createBoard();
    board.published(task(1, at(0)));
    const mark = (nowMs: number) => board.frame(nowMs).dots[0]?.[2];
    expect(mark(at(3_000))).toBe(0);
    expect(mark(at(3_001))).toBe(1);
    board.ended(outcome(1, at(1_000), { kind: "failed" }));
    expect(mark(at(9_000))).toBe(2);
  });

  test("is drawn for the first 500 in flight only, and the rest is counted", () => {
    const board = createBoard();
    for (let n = 1; n <= 1_200; n += 1) board.published(task(n, at(0)));
    const crowded = board.frame(at(100));
    expect(crowded.dots).toHaveLength(500);
    expect(crowded.undrawn).toBe(700);
    expect(crowded.figures.inFlight).toBe(1_200);
    for (let n = 1; n <= 1_200; n += 1) board.ended(outcome(n, at(1_000)));
    board.journeys.forget(at(60_000));
    board.published(task(1_201, at(60_000)));
    const calm = board.frame(at(60_000));
    expect(calm.dots).toEqual([[1_201, 0, 0]]);
    expect(calm.undrawn).toBe(0);
  });
});

describe("the figures", () => {
  test("count a payment once, however often its outcome is said", () => {
    const board = createBoard();
    pay(board, 1);
    board.ended(outcome(1, at(9_000)));
    board.published(task(2, at(0)));
    expect(board.figures()).toMatchObject({ published: 2, paid: 1, failed: 0, inFlight: 1 });
    expect(board.figures().p99Ms).toBe(1_650);
  });

  test("take quantiles by nearest rank, and what is over three seconds, not at it", () => {
    const board = createBoard();
    for (let n = 1; n <= 100; n += 1) {
      board.published(task(n, at(0)));
      board.ended(outcome(n, at(n === 100 ? 3_001 : n === 99 ? 3_000 : n * 10)));
    }
    expect(board.figures()).toMatchObject({ p50Ms: 500, p99Ms: 3_000, overThreeSeconds: 1 });
  });

  test("leave failures out of the latencies", () => {
    const board = createBoard();
    board.published(task(1, at(0)));
    board.ended(outcome(1, at(8_000), { kind: "failed" }));
    expect(board.figures()).toMatchObject({ paid: 0, failed: 1, inFlight: 0, overThreeSeconds: 0 });
  });
});

describe("the bars", () => {
  test("stack the mean of each stage, second by second, to the whole latency", () => {
    const board = createBoard();
    pay(board, 1);
    pay(board, 2, 200);
    pay(board, 3, 1_000);
    const { bars, stages } = board.frame(at(3_000));
    expect(bars).toEqual([
      { second: 1_000_001, count: 2, meansMs: [100, 100, 1_400, 100, 50], slowestMs: 1_850 },
      { second: 1_000_002, count: 1, meansMs: [100, 100, 2_300, 100, 50], slowestMs: 2_650 },
    ]);
    expect(stages.map(({ meanMs }) => meanMs)).toEqual([null, 100, 100, 1_700, 100, 50]);
  });

  test("keep the sum right when the auditor sees a block after the service has settled it", () => {
    const board = createBoard();
    board.published(task(1, at(0)));
    board.journeys.stamp(stamps(1, at(100), at(200), at(1_480)));
    board.ended(outcome(1, at(1_600)));
    board.journeys.transfer(transfer(1), at(1_500));
    expect(board.frame(at(2_000)).bars[0]?.meansMs).toEqual([100, 100, 1_300, 0, 100]);
  });

  test("go back one minute", () => {
    const board = createBoard();
    pay(board, 1);
    expect(board.frame(at(60_999)).bars).toHaveLength(1);
    expect(board.frame(at(61_000)).bars).toHaveLength(0);
  });
});

describe("a dead service", () => {
  test("shows what it froze, what the chain paid all the same, and when it was away", () => {
    const board = createBoard();
    board.published(task(1, at(0)));
    board.published(task(2, at(0)));
    board.journeys.stamp(stamps(1, at(100), at(200)));
    board.serviceGone(at(1_000));
    board.published(task(3, at(1_100)));
    board.journeys.transfer(transfer(1), at(1_500));
    board.lag(1);
    const dead = board.frame(at(1_600));
    expect(dead.service).toEqual({
      kind: "dead",
      sinceMs: at(1_000),
      frozen: 2,
      paidMeanwhile: 1,
    });
    expect(dead.figures).toMatchObject({ inFlight: 3, kafkaLag: 1 });
    expect(dead.outages).toEqual([{ fromMs: at(1_000), toMs: null }]);
    board.serviceStarting();
    expect(board.frame(at(2_100)).service.kind).toBe("starting");
    board.serviceBack(at(3_000));
    const back = board.frame(at(3_000));
    expect(back.service).toEqual({ kind: "up" });
    expect(back.outages).toEqual([{ fromMs: at(1_000), toMs: at(3_000) }]);
  });
});

test("the story keeps its last lines", () => {
  const board = createBoard();
  for (let n = 1; n <= 9; n += 1) board.tell(`line ${n}`);
  expect(board.frame(at(0)).story).toEqual([4, 5, 6, 7, 8, 9].map((n) => `line ${n}`));
});
