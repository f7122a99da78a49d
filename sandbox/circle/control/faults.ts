import { randomUUID } from "node:crypto";
import type { Random } from "../random.ts";
import type { FaultKind, FaultMatch, FaultOf, FaultSpec } from "./fault-spec.ts";

/** What is known about the thing a fault may befall. */
export type FaultSubject = { readonly [K in keyof FaultMatch]?: string | undefined };

/** A fault that waits, with how often it has struck. */
export interface PendingFault {
  readonly id: string;
  readonly spec: FaultSpec;
  struck: number;
  passed: number;
}

export interface Faults {
  /** Returns its id. */
  add(spec: FaultSpec): string;
  list(): readonly PendingFault[];
  /** All of them without an id. */
  clear(id?: string): void;
  /** How often a fault has struck, also once it is spent or cleared; undefined for an id that is not known any more. */
  struck(id: string): number | undefined;
  /** The oldest fault of that kind that strikes this subject now, if any, and counts it; `accepts` narrows by the fault's own fields. */
  take<K extends FaultKind>(
    kind: K,
    subject: FaultSubject,
    accepts?: (fault: FaultOf<K>) => boolean,
  ): FaultOf<K> | undefined;
}

/** Faults whose count is kept, the newest; a test asks for the count of its own. */
const KNOWN_MAX = 10_000;

/** Faults waiting to strike, oldest first. The list is short: tests clear what they queue. */
export function createFaults(random: Random): Faults {
  const pending: PendingFault[] = [];
  const known = new Map<string, PendingFault>();
  return {
    add(spec) {
      const id = randomUUID();
      const fault = { id, spec, struck: 0, passed: 0 };
      pending.push(fault);
      known.set(id, fault);
      if (known.size > KNOWN_MAX) known.delete(known.keys().next().value ?? id);
      return id;
    },
    list: () => pending,
    clear(id) {
      if (id === undefined) pending.length = 0;
      else remove(pending, (fault) => fault.id === id);
    },
    struck: (id) => known.get(id)?.struck,
    take<K extends FaultKind>(
      kind: K,
      subject: FaultSubject,
      accepts: (fault: FaultOf<K>) => boolean = () => true,
    ) {
      const isIt = (spec: FaultSpec): spec is FaultOf<K> =>
        spec.kind === kind && accepts(spec as FaultOf<K>) && befalls(spec.match, subject);
      const fault = pending.find(({ spec }) => isIt(spec));
      if (fault === undefined || !strikes(fault, random)) return undefined;
      if (fault.struck === (fault.spec.count === undefined ? 1 : fault.spec.count)) {
        remove(pending, (other) => other === fault);
      }
      return fault.spec as FaultOf<K>;
    },
  };
}

function befalls(match: FaultMatch = {}, subject: FaultSubject): boolean {
  return Object.entries(match).every(([field, wanted]) => {
    const actual = subject[field as keyof FaultMatch];
    if (wanted === undefined) return true;
    return field === "path" ? actual?.includes(wanted) : actual === wanted;
  });
}

function strikes(fault: PendingFault, random: Random): boolean {
  if (fault.passed < (fault.spec.skip ?? 0)) {
    fault.passed += 1;
    return false;
  }
  if (random.next() >= (fault.spec.probability ?? 1)) return false;
  fault.struck += 1;
  return true;
}

function remove<T>(list: T[], isGone: (item: T) => boolean): void {
  const index = list.findIndex(isGone);
  if (index >= 0) list.splice(index, 1);
}
