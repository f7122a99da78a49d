import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createNonces } from "../../src/arc/nonces.ts";

const nonce = fc.bigInt(0n, 30n);

test("a nonce is never one that the chain has used or an open send holds, and gaps come first", () => {
  fc.assert(
    fc.property(
      nonce,
      fc.array(nonce),
      fc.array(fc.oneof(fc.constant("commit"), nonce)),
      (count, open, steps) => {
        const nonces = createNonces(count, open);
        const held = new Set(open.filter((one) => one >= count));
        let used = count;
        for (const step of steps) {
          if (step === "commit") {
            const next = nonces.next();
            expect(nonces.next()).toBe(next);
            expect(next >= used && !held.has(next)).toBe(true);
            for (let below = used; below < next; below += 1n) expect(held.has(below)).toBe(true);
            nonces.take(next);
            held.add(next);
          } else {
            nonces.countRead(step);
            if (step > used) used = step;
            expect(nonces.count()).toBe(used);
          }
        }
      },
    ),
  );
});

test("a node that lags does not reopen used nonces", () => {
  const nonces = createNonces(5n, []);
  nonces.countRead(3n);
  expect(nonces.next()).toBe(5n);
});

test("the nonce of a send that was given up goes to the next one", () => {
  const nonces = createNonces(5n, [5n, 6n]);
  expect(nonces.next()).toBe(7n);
  nonces.release(5n);
  expect(nonces.next()).toBe(5n);
});
