import type { CircleControl } from "../../../sandbox/circle/control-client.ts";
import type { FaultSpec } from "../../../sandbox/circle/control/fault-spec.ts";

export interface InjectedFault {
  /** As of a moment ago; of the last moment once it is ended. */
  readonly struck: () => number;
  readonly end: () => Promise<void>;
}

/** The emulator does its faults itself; this keeps count of them. */
export interface CircleBox {
  inject(spec: FaultSpec): Promise<InjectedFault>;
}

const LOOK_MS = 100;

export function circleBox(control: CircleControl): CircleBox {
  return {
    async inject(spec) {
      const id = await control.inject(spec);
      let struck = 0;
      const look = async () => {
        struck = await control.struck(id);
      };
      // One that cannot be had now is had a moment later.
      const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS).unref();
      return {
        struck: () => struck,
        async end() {
          clearInterval(timer);
          await control.clearFaults(id);
          await look();
        },
      };
    },
  };
}
