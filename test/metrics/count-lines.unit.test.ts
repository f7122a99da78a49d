import { expect, test } from "vitest";
import { createLog } from "../../src/log.ts";
import { countLines } from "../../src/metrics/count-lines.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { allOf } from "./read-metric.ts";

const nowhere = { write: () => undefined };

test("lines are counted as they are written: those that somebody should read, and none that the level keeps back", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const onLine = countLines(metrics);
  const log = createLog({ level: "error", instanceId: "test", onLine }, nowhere);
  log.warn("kept back");
  log.child({ library: "some" }).error("an error that a test makes");
  expect(await allOf(metrics, "payments_log_messages_total")).toEqual({
    '{level="warn"}': 0,
    '{level="error"}': 1,
    '{level="fatal"}': 0,
  });
});

test("all that is written is heard of, by its level", () => {
  const heard: string[] = [];
  const onLine = (level: string) => void heard.push(level);
  const log = createLog({ level: "info", instanceId: "test", onLine }, nowhere);
  log.info({ field: 1 }, "a line that a test makes");
  log.debug("kept back");
  expect(heard).toEqual(["info"]);
});
