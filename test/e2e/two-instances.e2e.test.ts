import kafkajs from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allCompleted, createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import type { RunningService } from "./running-service.ts";
import type { World } from "./world.ts";

const RATE_PER_SECOND = 50;
const PARTITIONS = 6;
/** Two operator wallets, the chain's follower and the relay. */
const LEASES = 4;

const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let instances: RunningService[];

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "arc", treasuries: 2 }, async (world) => {
    instances = ["one", "two"].map((name) => world.run(name));
    await Promise.all(instances.map(({ ready }) => ready));
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

test(
  "two instances share the work, one is killed, the other is stopped, and every task is paid once",
  { retry: 0 },
  async () => {
    const { world, traffic, untilEnded, settleAccounts } = audited;
    expect(await partitionsHeld(world)).toEqual([PARTITIONS / 2, PARTITIONS / 2]);
    await untilLeased(instances, LEASES);
    const leases = instances.flatMap(leasesTaken);
    expect(new Set(leases).size, "each lease is one instance's").toBe(leases.length);

    // The one that follows the chain: whoever is left has to take everything over.
    const follows = (instance: RunningService) =>
      leasesTaken(instance).some((lease) => lease.startsWith("follow:"));
    const victim = found(instances.find(follows));
    const survivor = found(instances.find((instance) => instance !== victim));
    const first = traffic.publish(200, RATE_PER_SECOND);
    await untilEnded(60);
    await victim.kill();
    await Promise.all([first, untilLeased([survivor], LEASES)]);
    await untilEnded(200);
    expect(await partitionsHeld(world)).toEqual([PARTITIONS]);

    const second = traffic.publish(100, RATE_PER_SECOND);
    await untilEnded(220);
    expect(await survivor.stop()).toEqual({ code: 0 });
    expect(await partitionsHeld(world), "it has left the group").toEqual([]);
    await world.run("three").ready;
    await second;
    expect(await settleAccounts()).toMatchObject(allCompleted(300));
  },
);

function leasesTaken({ log }: RunningService): string[] {
  return log.items.flatMap(({ msg, lease }) => (msg === "lease taken" ? [String(lease)] : []));
}

/** Resolves once these hold so many leases between them. */
async function untilLeased(services: readonly RunningService[], count: number): Promise<void> {
  const isEnough = () => new Set(services.flatMap(leasesTaken)).size === count;
  await Promise.any(services.map(({ log }) => log.until("the leases", isEnough)));
}

/** How many partitions each member of the group has. */
async function partitionsHeld({ parts, settings, topics }: World): Promise<number[]> {
  const { Kafka, AssignerProtocol, logLevel } = kafkajs;
  const kafka = new Kafka({ brokers: [...parts.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([settings["KAFKA_GROUP_ID"] ?? ""]);
  await admin.disconnect();
  return (groups[0]?.members ?? []).map(({ memberAssignment }) => {
    const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
    return decoded?.assignment[topics.tasks]?.length ?? 0;
  });
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not found");
  return value;
}
