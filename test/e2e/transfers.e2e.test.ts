import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { circleControl, type CircleControl } from "../../sandbox/circle/control-client.ts";
import type { FaultSpec } from "../../sandbox/circle/control/fault-spec.ts";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import { gigpay } from "./gigpay.ts";
import type { RunningService } from "./running-service.ts";

/** Circle takes five transfers a second. */
const RATE_PER_SECOND = 4;
const TASKS = 32;

const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let circle: CircleControl;
let first: RunningService;

beforeAll(async () => {
  audited = await createAuditedWorld(
    { rail: "circle", method: "transfer", treasuries: 2 },
    async (world) => {
      circle = circleControl(world.parts.circle.controlUrl);
      first = world.run("one");
      await first.ready;
    },
  );
  running.use(audited);
  running.defer(() => circle.clearFaults());
});

afterAll(() => running.disposeAsync());

const onTransfer = (fault: FaultSpec) =>
  circle.inject({ ...fault, match: { method: "POST", path: "/developer/transactions/transfer" } });

test(
  "plain transfers under kill -9, lost answers, unpaid ends, throttling and duplicates: every task is paid once",
  { retry: 0 },
  async () => {
    const { world, traffic, untilEnded, settleAccounts } = audited;
    const fault = { count: 3, probability: 0.3 };
    await onTransfer({ kind: "loseAnswer", executed: true, ...fault });
    await onTransfer({ kind: "loseAnswer", executed: false, ...fault });
    await onTransfer({ kind: "answer", executed: true, status: 503, body: "html", ...fault });
    await onTransfer({ kind: "answer", executed: true, status: 429, body: "json", ...fault });
    await onTransfer({ kind: "forceState", state: "FAILED", executed: false, ...fault });
    await onTransfer({ kind: "forceState", state: "STUCK", executed: false, ...fault });
    await onTransfer({ kind: "executeLate", delayMs: 3_000, ...fault });

    const publishing = traffic.publish(TASKS, RATE_PER_SECOND);
    await untilEnded(TASKS / 4);
    await first.kill();
    const second = world.run("two");
    await second.ready;
    await traffic.publishAgain(TASKS / 4);
    await untilEnded(TASKS / 2);
    await second.kill();
    await world.run("three").ready;
    await publishing;
    await traffic.publishAgain(TASKS / 4);

    expect(await settleAccounts()).toMatchObject(allCompleted(TASKS));
    const [{ keys, refIds } = { keys: 0n, refIds: [] }] = await world.pool.any(sql.type(sendsRow)`
    SELECT count(DISTINCT idempotency_key) AS keys, array_agg(id) AS "refIds" FROM transactions`);
    const made = (await circle.transactions()).filter(({ refId }) => refIds.includes(refId));
    expect(new Set(made.map(({ refId }) => refId)).size, "one order a key").toBe(made.length);
    expect(made.length).toBeLessThanOrEqual(Number(keys));
    const verified = await gigpay(world.settings, ["verify"]);
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
  },
);

const sendsRow = z.object({ keys: z.bigint(), refIds: z.array(z.string()) });
