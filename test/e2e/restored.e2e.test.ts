import { afterAll, beforeAll, expect, test } from "vitest";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import { gigpay } from "./gigpay.ts";
import { cloneAside } from "./clone-aside.ts";
import type { RunningService } from "./running-service.ts";
import type { World } from "./world.ts";
import { rowsOf } from "../support/read-rows.ts";

const RATE_PER_SECOND = 50;
const EXIT_REFUSED = 5;
/** What waited for the operator is looked at within seconds. */
const WAIT = { timeout: 60_000, interval: 2_000 };

const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let service: RunningService;

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "arc", treasuries: 2 }, async (world) => {
    service = world.run("first life");
    await service.ready;
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

test(
  "a database put back under everything that remembers more: it stands still, a person confirms, and every task is paid once",
  { retry: 0 },
  async () => {
    const { world, traffic, untilEnded, settleAccounts } = audited;
    const command = (...args: readonly string[]) => gigpay(world.settings, args);

    await traffic.publish(30, RATE_PER_SECOND);
    await untilEnded(30);
    expect(await service.stop()).toEqual({ code: 0 });
    const backup = await cloneAside(world);

    service = world.run("forgotten life");
    await service.ready;
    await traffic.publish(40, RATE_PER_SECOND);
    await untilEnded(50);
    await service.kill();
    await backup.restore();

    service = world.run("second life");
    await service.log.until("the alarm", (lines) =>
      lines.some(({ msg }) => msg.startsWith("the database seems to be a restored backup")),
    );
    await service.ready;
    // What gives it away is found one after the other.
    const signs = async () => {
      const shown = await command("--json", "restored");
      expect(shown.code).toBe(EXIT_REFUSED);
      const report = JSON.parse(shown.stdout) as { open: { signs: Record<string, unknown> } };
      return Object.keys(report.open.signs).map((key) => key.split(" ")[0]);
    };
    await expect
      .poll(signs, WAIT)
      .toEqual(expect.arrayContaining(["nonces", "offsets", "outcomes"]));

    await traffic.publish(10, RATE_PER_SECOND);
    const closed = await command("--json", "restored", "--yes", "--reason", "the disk broke");
    expect(closed).toMatchObject({ code: 0 });
    expect(JSON.parse(closed.stdout)).toMatchObject({ closed: true, waitingFor: [] });
    expect(await settleAccounts()).toMatchObject(allCompleted(80));
    expect((await command("--json", "restored")).code, "nothing is open any more").toBe(
      EXIT_REFUSED,
    );
    expect(await pauses(world), "no alarm is left behind").toEqual([]);
    await expect.poll(async () => (await command("verify")).code, WAIT).toBe(0);
  },
);

test(
  "the same under a running service: its next connection notices, before anything is sent",
  { retry: 0 },
  async () => {
    const { world, traffic, untilEnded, settleAccounts, ledger } = audited;
    const backup = await cloneAside(world);
    const from = service.log.items.length;
    await traffic.publish(20, RATE_PER_SECOND);
    await untilEnded(ledger.tasks.size);
    await backup.restore();
    await service.log.until("the alarm", (lines) =>
      lines.slice(from).some(({ msg }) => msg.startsWith("the database seems to be a restored")),
    );
    await traffic.publish(10, RATE_PER_SECOND);
    const report = JSON.parse((await gigpay(world.settings, ["--json", "restored"])).stdout) as {
      open: { signs: object };
    };
    expect(report.open.signs).toHaveProperty("server database");
    const confirm = ["--json", "restored", "--yes", "--reason", "it broke again"];
    expect(await gigpay(world.settings, confirm)).toMatchObject({ code: 0 });
    expect(await settleAccounts()).toMatchObject(allCompleted(ledger.tasks.size));
    expect(await pauses(world)).toEqual([]);
    await expect.poll(async () => (await gigpay(world.settings, ["verify"])).code, WAIT).toBe(0);
  },
);

function pauses({ pool }: World): Promise<readonly unknown[]> {
  return rowsOf(pool, "pauses");
}
