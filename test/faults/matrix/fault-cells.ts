import { setTimeout as delay } from "node:timers/promises";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Fault, StartedFault } from "../fault.ts";
import { allFaults } from "../faults/all-faults.ts";
import type { CellSpec } from "./cell-spec.ts";
import { inTurn } from "./failpoint-cells.ts";
import type { Stage } from "./stage.ts";

/** A fault that does not strike in this time proves nothing. */
const STRIKES_WITHIN_MS = 45_000;
const BETWEEN_MS = 1_000;

/** Every fault by itself; on one rail and the other in turn where it can occur on both. */
export function faultCells(): CellSpec[] {
  return allFaults.map((fault, index) => faultCell(fault, inTurn(fault.rails, index)));
}

/** Kafka knows more than the database: no service can tell a consumer that ran ahead from a backup that was put back. */
export function looksRestored({ name }: Fault): boolean {
  return name === "kafka: consumer offset ahead of the database";
}

function faultCell(fault: Fault, rail: Rail): CellSpec {
  return {
    name: `${fault.name}/${rail}`,
    kind: "fault",
    rail,
    needsOperator: looksRestored(fault),
    async play(stage) {
      const { fleet, traffic, cell } = stage;
      await fleet.start("one").service.ready;
      const started = await fault.start(cell);
      await traffic.mixed();
      await traffic.plain(4);
      await untilStruck(stage, fault, started);
      const endedAtMs = Date.now();
      await traffic.plain(6);
      return { endedAtMs };
    },
  };
}

/** Resolves once it has struck, with the fault ended. Payments go on meanwhile: some faults wait for the next one. */
export async function untilStruck(
  { traffic }: Stage,
  fault: Fault,
  started: StartedFault,
): Promise<void> {
  const deadlineMs = Date.now() + STRIKES_WITHIN_MS;
  try {
    while (started.struck() === 0 && Date.now() < deadlineMs) {
      await delay(BETWEEN_MS);
      if (started.struck() === 0 && !fault.needsSilence) await traffic.plain(1);
    }
  } finally {
    await started.end();
  }
  if (started.struck() === 0) throw new Error(`${fault.name} never struck`);
}
