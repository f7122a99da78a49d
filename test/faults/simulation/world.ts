import type { Config } from "../../../src/config.ts";
import type { Connected } from "../../../src/stage-deps.ts";
import type { BlockFate, Chain, PoolTransaction } from "./chain-model.ts";
import type { Circle } from "./circle-model.ts";
import type { DatabaseFate } from "./guard-pool.ts";
import type { KafkaModel } from "./kafka-model.ts";
import type { Call, Fate, Network } from "./network.ts";
import type { Plan, Setting } from "./plan.ts";
import type { TaskLine } from "./platforms.ts";
import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { SimDatabase } from "./sim-database.ts";
import type { Traffic } from "./traffic.ts";

/** What is wrong with the parts outside, until somebody mends it. */
export interface Troubles {
  chainAway: boolean;
  circleAway: boolean;
  kafkaAway: boolean;
  databaseAway: boolean;
  nodeLagBlocks: number;
  operatorsBroke: boolean;
}

export interface Tally {
  crashes: number;
  faults: number;
  restores: number;
}

export interface World {
  readonly plan: Plan;
  readonly setting: Setting;
  readonly config: Config;
  readonly database: SimDatabase;
  readonly traffic: Traffic;
  readonly chain: Chain;
  readonly circle: Circle;
  readonly kafka: KafkaModel;
  readonly network: Network;
  readonly troubles: Troubles;
  readonly fates: Fates;
  readonly operators: readonly string[];
  readonly tasks: readonly TaskLine[];
  /** Values of records that are nobody's task: each must end as a dead letter. */
  readonly unacceptable: Buffer[];
  /** What the directory does not know yet. */
  readonly late: Set<string>;
  /** Everything that ever ran, the dead included. */
  readonly instances: Instance[];
  readonly tally: Tally;
  /** Offset alarms are right only where somebody meddled with offsets. */
  hasMovedOffsets: boolean;
  hasBackup: boolean;
  /** The database was once what it had been before. */
  isRestored: boolean;
  nowMs: number;
  /** Faults are over. */
  isCalm: boolean;
  /** Of the present step. */
  random: Random;
  /** Begins a step: all chance in it follows from its name. */
  readonly beginStep: (name: string) => void;
  readonly uuid: () => string;
  /** Somebody listens to what is told. */
  readonly isTold: boolean;
  readonly tell: (line: string) => void;
}

/** What befalls each call while faults are on; nothing does once they are over. */
export interface Fates {
  readonly ofCall: (call: Call<unknown>, from: SimProcess) => Fate;
  readonly ofDatabase: () => DatabaseFate;
  readonly ofTransaction: (transaction: PoolTransaction) => BlockFate;
  readonly circleRefusal: () => { readonly status: number; readonly code: number } | undefined;
  readonly throttles: () => boolean;
  readonly isPoolFull: () => boolean;
  readonly lagBlocks: () => number;
}

/** The stages that a lease gives to one instance at a time, in order and for speed only. */
export type Role = string;

/** One running service: app.ts's own stages over the simulated parts. */
export interface Instance {
  readonly process: SimProcess;
  readonly connected: Connected;
  /** Roles whose lease it believes to hold. */
  readonly roles: ReadonlyMap<Role, AbortController>;
  takeRole(role: Role): void;
  /** The lease is lost, and it has noticed. */
  dropRole(role: Role): void;
}
