import type { Fault } from "../fault.ts";
import { chainFaults } from "./chain-faults.ts";
import { circleFaults } from "./circle-faults.ts";
import { kafkaFaults } from "./kafka-faults.ts";
import { postgresFaults } from "./postgres-faults.ts";
import { processFaults } from "./process-faults.ts";
import { restoreFaults } from "./restore-faults.ts";
import { webhookFaults } from "./webhook-faults.ts";

/** Every fault that can be produced here. */
export const allFaults: readonly Fault[] = [
  ...postgresFaults,
  ...restoreFaults,
  ...kafkaFaults,
  ...chainFaults,
  ...circleFaults,
  ...webhookFaults,
  ...processFaults,
];
