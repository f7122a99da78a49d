/** How many tries this process makes at once. */
export interface TurnLimits {
  readonly total: number;
  /** Of those: to receivers whose last try did not come through. */
  readonly failing: number;
  readonly platform: number;
  /** One to a receiver that fails. */
  readonly endpoint: number;
}

/**
 * Sixteen at once are 160 a second to a receiver that takes 100 ms. A platform has at most an eighth of all, however many
 * endpoints it has and however slow they are. Those that fail share a quarter: each may hang for the whole time-out.
 */
export const TURN_LIMITS: TurnLimits = { total: 256, failing: 64, platform: 32, endpoint: 16 };

export interface Receiver {
  readonly endpointId: string;
  readonly platformId: string;
  readonly isFailing: boolean;
}

export interface DueReceiver extends Receiver {
  /** Deliveries that are due; more than it may have at once need not be counted. */
  readonly due: number;
}

/**
 * Who may be told how much now: one each in turn, in the order given, until the room is used up. So nobody's backlog and
 * nobody's silence takes the turn of another platform. Pure.
 */
export function shareTurns(
  due: readonly DueReceiver[],
  busy: readonly Receiver[],
  limits: TurnLimits = TURN_LIMITS,
): ReadonlyMap<string, number> {
  const taken = createTally();
  for (const receiver of busy) taken.add(receiver);
  const turns = new Map<string, number>();
  for (let round = 0; round < limits.endpoint; round += 1) {
    for (const receiver of due) {
      const already = turns.get(receiver.endpointId) ?? 0;
      if (already > round || already >= receiver.due || !taken.hasRoom(receiver, limits)) continue;
      taken.add(receiver);
      turns.set(receiver.endpointId, already + 1);
    }
  }
  return turns;
}

function createTally() {
  const platforms = new Map<string, number>();
  const endpoints = new Map<string, number>();
  let total = 0;
  let failing = 0;
  const countUp = (counts: Map<string, number>, key: string) =>
    counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    add({ platformId, endpointId, isFailing }: Receiver) {
      total += 1;
      if (isFailing) failing += 1;
      countUp(platforms, platformId);
      countUp(endpoints, endpointId);
    },
    hasRoom({ platformId, endpointId, isFailing }: Receiver, limits: TurnLimits): boolean {
      const endpointMax = isFailing ? 1 : limits.endpoint;
      return (
        total < limits.total &&
        (!isFailing || failing < limits.failing) &&
        (platforms.get(platformId) ?? 0) < limits.platform &&
        (endpoints.get(endpointId) ?? 0) < endpointMax
      );
    },
  };
}
