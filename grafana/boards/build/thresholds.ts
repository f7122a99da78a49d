import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Threshold,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Limits } from "../panel.ts";

/** Green, yellow and red by the panel's limits; plain where it has none. */
export function thresholdsOf(limits: Limits | null): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(limits));
}

function stepsOf(limits: Limits | null): Threshold[] {
  if (limits === null) return [{ value: null, color: "text" }];
  const { direction, doubtful, bad } = limits;
  if (direction === "above") {
    return [
      { value: null, color: "green" },
      ...(doubtful === undefined ? [] : [{ value: doubtful, color: "yellow" }]),
      { value: bad, color: "red" },
    ];
  }
  return [
    { value: null, color: "red" },
    { value: bad, color: doubtful === undefined ? "green" : "yellow" },
    ...(doubtful === undefined ? [] : [{ value: doubtful, color: "green" }]),
  ];
}
