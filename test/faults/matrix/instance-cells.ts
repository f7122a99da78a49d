import { setTimeout as delay } from "node:timers/promises";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { CellSpec } from "./cell-spec.ts";

const RAILS = ["arc", "circle"] as const;
const COUNTS = [2, 3, 4] as const;
const NAMES = ["one", "two", "three", "four"];
const READY_WITHIN_MS = 60_000;

/** Several instances at once: all get the same duplicates, one is killed, one is stopped tidily, and work goes on. */
export function instanceCells(): CellSpec[] {
  return COUNTS.flatMap((count) => RAILS.map((rail) => instanceCell(count, rail)));
}

function instanceCell(count: number, rail: Rail): CellSpec {
  return {
    name: `${count} instances at once/${rail}`,
    kind: "instances",
    rail,
    async play({ fleet, traffic }) {
      const instances = NAMES.slice(0, count).map((name) => fleet.start(name));
      const ready = Promise.all(instances.map(({ service }) => service.ready));
      await Promise.race([ready, delay(READY_WITHIN_MS)]);
      await traffic.mixed();
      await Promise.all([traffic.again(), traffic.plain(6), traffic.again()]);
      await instances[0]?.service.kill();
      const endedAtMs = Date.now();
      await traffic.plain(6);
      await traffic.again();
      await instances[1]?.service.stop();
      await traffic.plain(6);
      return { endedAtMs };
    },
  };
}
