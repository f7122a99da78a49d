import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Lane, StoredSend } from "../../src/dispatch/rail.ts";
import type { Wire } from "../faults/boxes/wire.ts";
import { SIGNAL, submit, type PayingWorld } from "./paying-world.ts";

export interface RailWorld extends PayingWorld {
  /** A lane as a process that has just started makes it. It gives a silent provider or node up within a second or so. */
  readonly newLane: () => Lane;
  /** The line to the provider or node. */
  readonly line: Wire;
}

/**
 * What every rail must hold, against a real chain: the promises of the port `Lane`. Each test waits for all that it sent,
 * because the next one opens its lanes without those sends.
 */
export function describeLane(rail: string, makeWorld: () => Promise<RailWorld>): void {
  describe(`the lane of rail ${rail}`, () => {
    let world: RailWorld;
    beforeAll(async () => {
      world = await makeWorld();
    });
    afterAll(() => world.stop());

    async function openLane(...openSends: readonly StoredSend[]): Promise<Lane> {
      const lane = world.newLane();
      await lane.open(openSends, SIGNAL);
      return lane;
    }
    const store = async () => undefined;

    test("its operators are lower-case, and its name, which is its lease's, is the same in each process", () => {
      const [one, other] = [world.newLane(), world.newLane()];
      expect(one.operators).toEqual([world.operator]);
      expect(one.id).toBe(other.id);
      expect(one.rail).toBe(rail);
    });

    test("a batch ends in Paid for each of its payments, with exactly their terms", async () => {
      const lane = await openLane();
      const items = [world.payment(1n), world.payment(2_500_000n), world.payment(999_999n)];
      await submit(lane, await world.commitPay(lane, ...items));
      for (const item of items) {
        const { payer, recipient: to, token, amount } = item;
        const { args } = await world.until(item, "Paid");
        expect(lowerCase(args)).toMatchObject({ generation: 1, payer, to, token, amount });
        expect(await world.received(item)).toBe(amount);
      }
    });

    test("a ticket that was prepared and not committed is used up by nothing", async () => {
      const lane = await openLane();
      const draft = { operator: world.operator, calldata: "0x" as const, gasLimit: 100_000n };
      await lane.prepare(draft);
      await lane.prepare(draft);
      const item = world.payment();
      await submit(lane, await world.commitPay(lane, item));
      await world.until(item, "Paid");
    });

    test("no ticket serves two sends: not in one process, not after a crash before the answer", async () => {
      const lane = await openLane();
      const items = [world.payment(), world.payment(), world.payment()];
      const open: StoredSend[] = [];
      for (const [index, item] of items.entries()) {
        const holder = index < 2 ? lane : await openLane(...open);
        open.push(await world.commitPay(holder, item));
      }
      expect(new Set(open.map(identityOf)).size).toBe(3);
      for (const send of open) await submit(lane, send);
      for (const item of items) await world.until(item, "Paid");
    });

    test("a send that is submitted again, by this process and by one after a crash, pays once", async () => {
      const lane = await openLane();
      const item = world.payment();
      const send = await world.commitPay(lane, item);
      await Promise.all([submit(lane, send), submit(lane, send)]);
      const afterCrash = await openLane(send);
      await submit(afterCrash, send);
      await world.until(item, "Paid");
      await submit(afterCrash, send);
      const later = world.payment();
      await submit(afterCrash, await world.commitPay(afterCrash, later));
      await world.until(later, "Paid");
      expect((await world.eventsOf(item)).filter(({ name }) => name === "Paid")).toHaveLength(1);
      expect(await world.received(item)).toBe(item.amount);
    });

    test("a void ends in Voided, and a pay that comes after it in Skipped, without money", async () => {
      const lane = await openLane();
      const item = world.payment();
      await submit(lane, await world.commitVoid(lane, item));
      await world.until(item, "Voided");
      await submit(lane, await world.commitPay(lane, item));
      const { args } = await world.until(item, "Voided", "Skipped");
      expect(args).toMatchObject({ generation: 1, paid: false, floor: 2 });
      expect(await world.received(item)).toBe(0n);
    });

    test("a void that comes after the payment is Skipped as paid", async () => {
      const lane = await openLane();
      const item = world.payment();
      await submit(lane, await world.commitPay(lane, item));
      await world.until(item, "Paid");
      await submit(lane, await world.commitVoid(lane, item));
      const { args } = await world.until(item, "Paid", "Skipped");
      expect(args).toMatchObject({ paid: true });
    });

    test("sends in flight at once all land, in one process and beside those it took over", async () => {
      const before = await openLane();
      const items = Array.from({ length: 5 }, () => world.payment());
      const [first, second, ...rest] = items;
      if (!first || !second) throw new TypeError("five payments");
      const open = [await world.commitPay(before, first), await world.commitPay(before, second)];
      const after = await openLane(...open);
      for (const item of rest) open.push(await world.commitPay(after, item));
      await Promise.all(open.map((send) => submit(after, send)));
      for (const item of items) await world.until(item, "Paid");
    });

    test("while nobody answers, submit says retry and throws nothing; then the same ticket is taken", async () => {
      const lane = await openLane();
      const item = world.payment();
      const send = await world.commitPay(lane, item);
      world.line.silence(true);
      const report = await lane.submit(send, SIGNAL);
      expect(report).toMatchObject({ kind: "retry" });
      expect(report).not.toHaveProperty("capacity");
      const tended = await lane.tend([send], store, SIGNAL).catch(() => []);
      expect(tended.filter(({ report }) => report.kind === "dead")).toEqual([]);
      world.line.silence(false);
      world.line.cut();
      await submit(lane, send);
      await world.until(item, "Paid");
    });

    test("submit that is broken off, before or meanwhile, throws nothing and calls nothing dead", async () => {
      const lane = await openLane();
      const item = world.payment();
      const send = await world.commitPay(lane, item);
      const stopped = new AbortController();
      const meanwhile = lane.submit(send, stopped.signal);
      stopped.abort();
      for (const report of [await meanwhile, await lane.submit(send, AbortSignal.abort())]) {
        expect(["retry", "accepted"]).toContain(report.kind);
      }
      await submit(lane, send);
      await world.until(item, "Paid");
    });

    test("tending open sends, from before they are taken until after they are mined, calls none dead", async () => {
      const lane = await openLane();
      const items = [world.payment(), world.payment()];
      const open: StoredSend[] = [];
      for (const item of items) open.push(await world.commitPay(lane, item));
      const dead: unknown[] = [];
      const tend = async () => {
        const learnt = await lane.tend(open, store, SIGNAL);
        for (const { sendId } of learnt) expect(open.map(({ id }) => id)).toContain(sendId);
        dead.push(...learnt.filter(({ report }) => report.kind === "dead"));
      };
      await tend();
      for (const [index, send] of open.entries()) {
        open[index] = await submit(lane, send);
        await tend();
      }
      for (const item of items) {
        await world.until(item, "Paid");
        await tend();
      }
      expect(dead).toEqual([]);
    });
  });
}

/** What the provider or the chain tells one send from another by. */
function identityOf({ ticket }: StoredSend): string {
  return ticket.rail === "circle" ? ticket.idempotencyKey : `${ticket.nonce}`;
}

function lowerCase(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(args);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value.toLowerCase() : value]),
  );
}
